/**
 * @file The language model for embedding only: no cache, no logits, and after the last attention nothing but the pooled
 * rows. B sequences of N tokens together, the longest of S, H = hiddenSize. Rows are packed one after another; only
 * attention spreads them out to [B, S], so that nothing else is computed for padding.
 */

import {
  castFrom,
  concatLast,
  gatherRows,
  groupQueryAttention,
  l2Normalize,
  quickGelu,
  reshape,
  reshapeTo,
  rotaryEmbedding,
  scale,
  splitLast,
  type Value,
} from '../../onnx';
import type { Head, Tower } from '../architecture';
import type { Context } from './activations';
import { applyLinear, applyNorm, applyNormF32, linear, norm, weightsOf, type Layer, type Linear } from './layers';
import { addBranch, closeStream, type Stream } from './residual';

/** Numbers of a pre-norm decoder with grouped-query attention and a gated MLP. */
export interface DecoderConfig {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly rmsEps: number;
}

export interface DecoderOptions {
  /** Where the checkpoint keeps it: `model`. */
  readonly source: string;
  /** Whether q, k and v have biases. */
  readonly attentionBias: boolean;
  /** Whether the checkpoint has q, k and v in one matrix, and gate and up in another. @default false */
  readonly fused?: boolean;
  readonly head: Head | null;
}

/** The parts of one layer. */
function decoderLayer(config: DecoderConfig, options: DecoderOptions, index: number) {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim, rmsEps } = config;
  const name = `layers.${index}`;
  const source = `${options.source}.${name}`;
  const rms = (kind: string) =>
    norm({
      name: `${name}.${kind}`,
      source: `${source}.${kind}`,
      length: hiddenSize,
      epsilon: rmsEps,
      bias: false,
    });
  const mlp = (kind: string, [inFeatures, outFeatures]: readonly [number, number]) =>
    linear({
      name: `${name}.mlp.${kind}`,
      sources: [`${source}.mlp.${kind}`],
      inFeatures,
      outFeatures,
      bias: false,
    });
  return {
    inputNorm: rms('input_layernorm'),
    qkv: linear({
      name: `${name}.self_attn.qkv`,
      sources: (options.fused ? ['qkv_proj'] : ['q_proj', 'k_proj', 'v_proj']).map(
        (kind) => `${source}.self_attn.${kind}`,
      ),
      inFeatures: hiddenSize,
      outFeatures: (heads + 2 * kvHeads) * headDim,
      bias: options.attentionBias,
      slices: [
        { label: 'q', rows: heads * headDim, role: 'query' },
        { label: 'k', rows: kvHeads * headDim, role: 'key' },
        { label: 'v', rows: kvHeads * headDim, role: 'value' },
      ],
    }),
    output: linear({
      name: `${name}.self_attn.o_proj`,
      sources: [`${source}.self_attn.o_proj`],
      inFeatures: heads * headDim,
      outFeatures: hiddenSize,
      bias: false,
      role: 'output',
    }),
    postNorm: rms('post_attention_layernorm'),
    ...(options.fused
      ? { gateUp: mlp('gate_up_proj', [hiddenSize, 2 * intermediateSize]) }
      : {
          gate: mlp('gate_proj', [hiddenSize, intermediateSize]),
          up: mlp('up_proj', [hiddenSize, intermediateSize]),
        }),
    down: mlp('down_proj', [intermediateSize, hiddenSize]),
  };
}

type DecoderLayer = ReturnType<typeof decoderLayer>;

/** What comes after the layers: the final norm, and the recipe's head. */
function outputLayers({ hiddenSize, rmsEps }: DecoderConfig, { source, head }: DecoderOptions) {
  const finalNorm = norm({
    name: 'norm',
    source: `${source}.norm`,
    length: hiddenSize,
    epsilon: rmsEps,
    bias: false,
  });
  return { finalNorm, head: head && headLayer(head, hiddenSize) };
}

/** Without the parts that this model lacks. */
function present({ finalNorm, head }: ReturnType<typeof outputLayers>): Record<string, Layer> {
  return head ? { finalNorm, head } : { finalNorm };
}

function headLayer({ weight, bias, size }: Head, hiddenSize: number): Linear {
  const source = weight.replace(/\.weight$/, '');
  return linear({
    name: 'head',
    sources: [source],
    inFeatures: hiddenSize,
    outFeatures: size,
    bias: bias !== undefined,
    quantize: false,
  });
}

/** The whole language model. */
export function decoderTower(config: DecoderConfig, options: DecoderOptions): Tower {
  const layers = Array.from({ length: config.layers }, (_, index) => decoderLayer(config, options, index));
  const output = outputLayers(config, options);
  return {
    blocks: layers.map((layer, index) => [
      ...weightsOf(layer),
      ...(index === config.layers - 1 ? weightsOf(present(output)) : []),
    ]),
    build(context, { first, last }) {
      const { graph } = context;
      const hiddenShape = ['tokens', config.hiddenSize];
      let stream: Stream =
        first === 0
          ? spliceEmbeddings(context, config.hiddenSize)
          : { hidden: graph.input('hidden', 'f32', hiddenShape), branch: null };
      const run = textRun(context, config.headDim);
      const isLast = last === config.layers;
      const pooled = isLast ? graph.input('last', 'i32', ['pooled']) : undefined;
      for (let index = first; index < last; index++) {
        stream = decoderBlock(context, config, layers[index]!, {
          stream,
          run,
          pooled: index === config.layers - 1 ? pooled : undefined,
        });
      }
      if (isLast)
        graph.output(embedding(context, output, stream), 'f32', ['pooled', options.head?.size ?? config.hiddenSize]);
      else graph.output(closeStream(context, 'hidden_out', stream), 'f32', hiddenShape);
    },
  };
}

/** What changes from run to run. */
interface TextRun {
  cos: Value; // [S or N, headDim/2] activations' type
  sin: Value; // [S or N, headDim/2]
  batchShape: Value; // int64 [B, S, -1]
  padded: Value; // int32 [B*S], row of N at each place
  packed: Value; // int32 [N], place of each row
  lastPositions: Value; // int32 [B], tokens - 1
  length: Value; // int32 scalar, S
}

/** The inputs, with the tables in the activations' type. */
function textRun({ graph, precision, positions }: Context, headDim: number): TextRun {
  const table = (name: string) => {
    const input = graph.input(name, 'f32', [positions === 'rows' ? 'tokens' : 'positions', headDim / 2]);
    return castFrom(graph, `${name}.${precision.type}`, input, 'f32', precision.type);
  };
  return {
    cos: table('cos'),
    sin: table('sin'),
    batchShape: graph.input('batch_shape', 'i64', [3]),
    padded: graph.input('padded', 'i32', ['places']),
    packed: graph.input('packed', 'i32', ['tokens']),
    lastPositions: graph.input('seqlens_k', 'i32', ['batch']),
    length: graph.input('total_sequence_length', 'i32', []),
  };
}

/** Token rows and visual tokens, each where the prompt has it. // → [N, H] */
function spliceEmbeddings({ graph, precision }: Context, hiddenSize: number): Stream {
  const tokenRows = graph.input('token_rows', 'f32', ['token_rows', hiddenSize]);
  const given = graph.input('features', precision.type, ['visual_tokens', hiddenSize]);
  const rows = graph.input('rows', 'i32', ['tokens']);
  const features = castFrom(graph, 'features.f32', given, precision.type, 'f32');
  const all = graph.node('Concat', 'rows.all', [tokenRows, features], { attributes: { axis: { int: 0 } } });
  const spliced = gatherRows(graph, 'rows.spliced', all, rows);
  return { hidden: scale(graph, 'rows.scaled', spliced, precision.residual), branch: null };
}

/** x += attention(norm(x)); x += mlp(norm(x)). `pooled`: rows to keep; all where it is absent. // int32 [E] */
function decoderBlock(
  context: Context,
  config: DecoderConfig,
  layer: DecoderLayer,
  { stream, run, pooled }: { stream: Stream; run: TextRun; pooled?: Value },
): Stream {
  const { graph, precision } = context;
  const first = applyNorm(context, layer.inputNorm, stream, precision.residual);
  let heads = attention(context, config, layer, first.normed, run); // [N, heads*headDim]
  let { hidden } = first.stream;
  if (pooled !== undefined) {
    heads = gatherRows(graph, `${layer.output.name}.pooled`, heads, pooled); // [E, heads*headDim]
    hidden = gatherRows(graph, `${layer.inputNorm.name}.pooled`, hidden, pooled); // [E, H]
  }
  const attended = addBranch(context, { hidden, branch: null }, applyLinear(context, layer.output, heads));
  const second = applyNorm(context, layer.postNorm, attended, precision.gated);
  return addBranch(context, second.stream, gatedMlp(context, layer, second.normed));
}

/** Causal grouped-query attention, without the output projection. // [N, H] → [N, heads*headDim] */
function attention(context: Context, config: DecoderConfig, { qkv }: DecoderLayer, x: Value, run: TextRun): Value {
  const { graph, precision, positions } = context;
  const { heads, kvHeads, headDim } = config;
  const { name } = qkv;
  let rows = applyLinear(context, qkv, x, { factor: precision.residual }); // q | k | v, [N, width]
  if (positions === 'rows') rows = rotateRows(context, config, { name, rows, run });
  const padded = gatherRows(graph, `${name}.padded`, rows, run.padded); // [B*S, width]
  const attended = groupQueryAttention(
    graph,
    `${name}.attention`,
    {
      qkv: reshapeTo(graph, `${name}.batched`, padded, run.batchShape), // [B, S, width]
      lastPositions: run.lastPositions,
      length: run.length,
      rotary: positions === 'rows' ? null : { cos: run.cos, sin: run.sin },
    },
    { heads, kvHeads, scale: headDim ** -0.5 / precision.residual ** 2 },
  ); // [B, S, heads*headDim]
  const places = reshape(graph, `${name}.attention.rows`, attended, [-1, heads * headDim]); // [B*S, heads*headDim]
  return gatherRows(graph, `${name}.attention.packed`, places, run.packed);
}

/**
 * q and k turned by each row's own angles. All N rows count as one sequence, whose row i has the tables' row i.
 * // [N, width] → [N, width]
 */
function rotateRows(
  { graph }: Context,
  { heads, kvHeads, headDim }: DecoderConfig,
  { name, rows, run }: { name: string; rows: Value; run: TextRun },
): Value {
  const turned = (heads + kvHeads) * headDim;
  const [qk, v] = splitLast(graph, `${name}.split`, rows, [turned, kvHeads * headDim]) as [Value, Value];
  const sequence = reshape(graph, `${name}.qk.sequence`, qk, [1, -1, turned]);
  const rotated = rotaryEmbedding(graph, `${name}.qk.rotated`, sequence, run);
  return concatLast(graph, `${name}.rotated`, [reshape(graph, `${name}.qk.rows`, rotated, [-1, turned]), v]);
}

/** down(silu(gate(x)) · up(x)) // [n, H] → [n, H] */
function gatedMlp(context: Context, layer: DecoderLayer, x: Value): Value {
  const { graph, precision } = context;
  const { down } = layer;
  const { name, gate, up } = gateAndUp(context, layer, x);
  const active = quickGelu(graph, `${name}.silu`, gate, 1 / precision.gated);
  const gated = graph.node('Mul', `${down.name}.gated`, [active, up]);
  return applyLinear(context, down, gated);
}

/** // [n, H] → two of [n, intermediate] */
function gateAndUp(context: Context, layer: DecoderLayer, x: Value): { name: string; gate: Value; up: Value } {
  if (!('gateUp' in layer)) {
    const { gate, up } = layer;
    return { name: gate.name, gate: applyLinear(context, gate, x), up: applyLinear(context, up, x) };
  }
  const { name, outFeatures } = layer.gateUp;
  const both = applyLinear(context, layer.gateUp, x);
  const [gate, up] = splitLast(context.graph, `${name}.split`, both, [outFeatures / 2, outFeatures / 2]);
  return { name, gate: gate!, up: up! };
}

/** Final norm, head, and L2 norm, in float32. // [E, H] → [E, dims] */
function embedding(context: Context, output: ReturnType<typeof outputLayers>, stream: Stream): Value {
  const { normed } = applyNormF32(context, output.finalNorm, stream);
  const vectors = output.head ? applyLinear(context, output.head, normed, { type: 'f32' }) : normed;
  return l2Normalize(context.graph, 'embedding', vectors);
}
