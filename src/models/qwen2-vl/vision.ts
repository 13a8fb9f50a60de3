/**
 * @file The vision tower: patches of a batch of pictures that share one grid → visual tokens. B pictures, P patches each,
 * D = embedDim.
 */

import type { Value } from '../../onnx';
import type { Tower } from '../architecture';
import type { Context } from '../blocks/activations';
import { applyLinear, linear, norm, weightsOf } from '../blocks/layers';
import { merge, patchMerger, type Merger } from '../blocks/merger';
import type { Stream } from '../blocks/residual';
import { towerOf } from '../blocks/steps';
import { VIT_ROWS, vitRun, vitSteps, type VitBlock, type VitRun } from '../blocks/vit';
import type { Qwen2VLConfig } from './config';

/** Not in the config: every norm of the tower uses it. */
const EPSILON = 1e-6;
/** Its stream has massive channels too, but the merger reads it through a norm. */
const F16_SCALE = 1 / 16;

/** The values in one patch of one frame: 588. */
export function patchLength(vision: Qwen2VLConfig['vision']): number {
  return vision.channels * vision.patchSize ** 2;
}

/** Patches → tower: the kernel is as large as its stride, so it is a matrix product. Kept in float32. */
function patchEmbedLayers({ vision }: Qwen2VLConfig) {
  return {
    patches: linear({
      name: 'vision.patch_embed',
      sources: ['visual.patch_embed.proj'],
      inFeatures: patchLength(vision),
      outFeatures: vision.embedDim,
      bias: false,
      quantize: false,
      // A still image is two equal frames.
      rowTransform: 'fold-temporal',
      patchArea: vision.patchSize ** 2,
    }),
  };
}

function blockLayers({ vision }: Qwen2VLConfig, index: number): VitBlock {
  const name = `vision.blocks.${index}`;
  const source = `visual.blocks.${index}`;
  const { embedDim, mlpDim } = vision;
  const layerNorm = (kind: string) =>
    norm({ name: `${name}.${kind}`, source: `${source}.${kind}`, length: embedDim, epsilon: EPSILON, bias: true });
  const biased = (kind: string, inFeatures: number, outFeatures: number) =>
    linear({ name: `${name}.${kind}`, sources: [`${source}.${kind}`], inFeatures, outFeatures, bias: true });
  return {
    norm1: layerNorm('norm1'),
    qkv: biased('attn.qkv', embedDim, 3 * embedDim),
    proj: biased('attn.proj', embedDim, embedDim),
    norm2: layerNorm('norm2'),
    fc1: biased('mlp.fc1', embedDim, mlpDim),
    fc2: biased('mlp.fc2', mlpDim, embedDim),
  };
}

function merger({ vision, hiddenSize }: Qwen2VLConfig): Merger {
  return patchMerger({
    name: 'vision.merger',
    source: 'visual.merger',
    parts: { norm: 'ln_q', fc1: 'mlp.0', fc2: 'mlp.2' },
    width: vision.embedDim,
    group: vision.mergeSize ** 2,
    hiddenSize,
    epsilon: EPSILON,
  });
}

export function visionTower(config: Qwen2VLConfig): Tower {
  const { vision, hiddenSize } = config;
  const { depth, embedDim, headDim } = vision;
  const embed = patchEmbedLayers(config);
  const last = merger(config);
  const blocks = Array.from({ length: depth }, (_, index) => vitSteps(vision, blockLayers(config, index)));
  blocks[0]!.unshift({
    weights: weightsOf(embed),
    rows: VIT_ROWS,
    apply: (context, { hidden }) => patchEmbed(context, embed, hidden),
  });
  blocks.at(-1)!.push({
    weights: weightsOf(last),
    rows: 'visual_tokens',
    apply(context, stream) {
      const features = merge(context, last, stream, 'features');
      context.graph.output(features, context.precision.type, ['visual_tokens', hiddenSize]);
      return { hidden: features, branch: null };
    },
  });
  return towerOf<VitRun>({
    blocks,
    width: embedDim,
    f16Scale: F16_SCALE,
    start: ({ graph }) => ({ hidden: graph.input('patches', 'f32', [VIT_ROWS, patchLength(vision)]), branch: null }),
    run: (context) => vitRun(context, { rotary: true, headDim }),
  });
}

function patchEmbed(context: Context, { patches }: ReturnType<typeof patchEmbedLayers>, x: Value): Stream {
  return { hidden: applyLinear(context, patches, x, { type: 'f32', alpha: context.precision.residual }), branch: null };
}
