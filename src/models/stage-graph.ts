/** @file One stage of either tower as an ONNX model; inputs and outputs as `models/types.ts` lists them. */

import { BundleFormatError } from '../errors';
import { GraphBuilder, type Value } from '../onnx/index';
import type { GraphOptions, GraphStage, Qwen2VLConfig } from './types';
import { type Context, precisionOf } from './blocks/activations';
import { closeStream, type Stream } from './blocks/residual';
import { decoderLayer, embedding, spliceEmbeddings, textRun } from './blocks/decoder';
import { merger, patchEmbed, visionBlock, visionRun } from './qwen2-vl/vision';
import { patchLength } from './qwen2-vl/weights';

/**
 * @returns The model's bytes. Weights are external, at `stage.weights.path`.
 * @throws BundleFormatError when what is stored does not make up the stage.
 */
export function buildStageGraph(config: Qwen2VLConfig, stage: GraphStage, options: GraphOptions): Uint8Array {
  const { kind, blocks, weights, tensors } = stage;
  const total = kind === 'vision' ? config.vision.depth : config.layers;
  if (!(blocks.first >= 0 && blocks.first < blocks.last && blocks.last <= total)) {
    throw new BundleFormatError(
      `A ${kind} stage runs the blocks ${blocks.first} to ${blocks.last - 1}; the tower has ${total}.`,
      { kind, blocks },
    );
  }
  const graph = new GraphBuilder({
    name: `qwen2_vl.${kind}.${blocks.first}-${blocks.last - 1}`,
    weightsPath: weights.path,
    tensors,
  });
  const context: Context = { graph, config, precision: precisionOf(options) };
  if (kind === 'vision') visionStage(context, blocks);
  else textStage(context, blocks);
  return graph.build();
}

function visionStage(context: Context, { first, last }: GraphStage['blocks']): void {
  const { graph, config, precision } = context;
  const { vision } = config;
  const hiddenShape = ['patches', vision.embedDim];
  let stream: Stream =
    first === 0
      ? patchEmbed(context, graph.input('patches', 'f32', ['patches', patchLength(vision)]))
      : { hidden: graph.input('hidden', 'f32', hiddenShape), branch: null };
  const run = visionRun(context, { ...rotaryInputs(context, vision.headDim), batchShape: batchShape(context) });
  for (let block = first; block < last; block++) stream = visionBlock(context, stream, block, run);
  if (last === vision.depth) {
    graph.output(merger(context, stream), precision.type, ['visual_tokens', config.hiddenSize]);
  } else {
    graph.output(closeStream(context, 'hidden_out', stream), 'f32', hiddenShape);
  }
}

function textStage(context: Context, { first, last }: GraphStage['blocks']): void {
  const { graph, config, precision } = context;
  const { hiddenSize, layers } = config;
  const hiddenShape = ['tokens', hiddenSize];
  let stream: Stream =
    first === 0
      ? spliceEmbeddings(context, {
          tokenRows: graph.input('token_rows', 'f32', ['token_rows', hiddenSize]),
          features: graph.input('features', precision.type, ['visual_tokens', hiddenSize]),
          rows: graph.input('rows', 'i32', ['tokens']),
        })
      : { hidden: graph.input('hidden', 'f32', hiddenShape), branch: null };
  const run = textRun(context, {
    ...rotaryInputs(context, config.headDim),
    batchShape: batchShape(context),
    padded: graph.input('padded', 'i32', ['places']),
    packed: graph.input('packed', 'i32', ['tokens']),
    lastPositions: graph.input('seqlens_k', 'i32', ['batch']),
    length: graph.input('total_sequence_length', 'i32', []),
  });
  const pooled = last === layers ? graph.input('last', 'i32', ['batch']) : undefined;
  for (let layer = first; layer < last; layer++) {
    stream = decoderLayer(context, stream, layer, run, layer === layers - 1 ? pooled : undefined);
  }
  if (pooled !== undefined) graph.output(embedding(context, stream), 'f32', ['batch', hiddenSize]);
  else graph.output(closeStream(context, 'hidden_out', stream), 'f32', hiddenShape);
}

function rotaryInputs({ graph }: Context, headDim: number): { cos: Value; sin: Value } {
  const shape = ['positions', headDim / 2];
  return { cos: graph.input('cos', 'f32', shape), sin: graph.input('sin', 'f32', shape) };
}

function batchShape({ graph }: Context): Value {
  return graph.input('batch_shape', 'i64', [3]);
}
