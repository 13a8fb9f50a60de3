/**
 * @file The vision tower (spec section 5.4): patches of a batch of images that share one grid → visual tokens.
 * B images, P patches each, D = embedDim. One function per block.
 */

import {
  castFrom,
  gelu,
  linear,
  multiHeadAttention,
  quickGelu,
  reshape,
  reshapeTo,
  rotaryEmbedding,
  splitLast,
  type Value,
} from '../../onnx';
import { type Context, vector } from '../blocks/activations';
import { addBranch, normStream, type Stream } from '../blocks/residual';
import { names, patchLength } from './weights';

/** Not in the config: every norm of the tower has it. */
const EPSILON = 1e-6;
/** CLIP's approximation of GELU. */
const QUICK_GELU_ALPHA = 1.702;

/** What changes from run to run. */
export interface VisionRun {
  cos: Value; // [P, headDim/2] activations' type
  sin: Value; // [P, headDim/2]
  batchShape: Value; // int64 [B, P, -1]
}

/** The patch convolution: its kernel is as large as its stride, so it is a matrix product. Kept in float32. */
export function patchEmbed({ graph, config: { vision }, precision }: Context, patches: Value): Stream {
  const hidden = linear(graph, names.patchEmbed, patches, {
    weight: `${names.patchEmbed}.weight`,
    inFeatures: patchLength(vision),
    outFeatures: vision.embedDim,
    type: 'f32',
    alpha: precision.residual,
  }); // [B*P, D]
  return { hidden, branch: null };
}

/** x += attention(norm1(x)); x += mlp(norm2(x)) */
export function visionBlock(context: Context, stream: Stream, block: number, run: VisionRun): Stream {
  const name = names.visionBlock(block);
  const first = layerNorm(context, `${name}.norm1`, stream);
  const attended = addBranch(context, first.stream, visionAttention(context, `${name}.attn`, first.normed, run));
  const second = layerNorm(context, `${name}.norm2`, attended);
  return addBranch(context, second.stream, visionMlp(context, `${name}.mlp`, second.normed));
}

/** LayerNorm times the residual factor, which the branch carries through. // [n, D] */
function layerNorm(context: Context, name: string, stream: Stream): { normed: Value; stream: Stream } {
  const options = { length: context.config.vision.embedDim, factor: context.precision.residual, type: 'f32' } as const;
  return normStream(context, name, stream, {
    gamma: vector(context, `${name}.weight`, options),
    beta: vector(context, `${name}.bias`, options),
    epsilon: EPSILON,
  });
}

/** Bidirectional attention inside each image. // [B*P, D] → [B*P, D] */
function visionAttention(context: Context, name: string, x: Value, run: VisionRun): Value {
  const { graph, config, precision } = context;
  const { embedDim, heads, headDim } = config.vision;
  const flat = biasedLinear(context, `${name}.qkv`, x, { inFeatures: embedDim, outFeatures: 3 * embedDim });
  const qkv = reshapeTo(graph, `${name}.qkv.batched`, flat, run.batchShape); // [B, P, 3*D]
  const [q, k, v] = splitLast(graph, `${name}.split`, qkv, [embedDim, embedDim, embedDim]) as [Value, Value, Value];
  const attended = multiHeadAttention(
    graph,
    `${name}.attention`,
    {
      q: rotaryEmbedding(graph, `${name}.q`, q, run),
      k: rotaryEmbedding(graph, `${name}.k`, k, run),
      v,
    },
    { heads, scale: headDim ** -0.5 / precision.residual ** 2 },
  ); // [B, P, D]
  const rows = reshape(graph, `${name}.attention.rows`, attended, [-1, embedDim]); // [B*P, D]
  return biasedLinear(context, `${name}.proj`, rows, { inFeatures: embedDim, outFeatures: embedDim });
}

/** fc2(QuickGelu(fc1(x))) // [n, D] → [n, D] */
function visionMlp(context: Context, name: string, x: Value): Value {
  const { embedDim, mlpDim } = context.config.vision;
  const up = biasedLinear(context, `${name}.fc1`, x, { inFeatures: embedDim, outFeatures: mlpDim });
  const active = quickGelu(context.graph, `${name}.act`, up, QUICK_GELU_ALPHA / context.precision.residual);
  return biasedLinear(context, `${name}.fc2`, active, { inFeatures: mlpDim, outFeatures: embedDim });
}

/** Norm per patch, four neighbours side by side, two linear layers. // [B*P, D] → [B*P/4, hidden] */
export function merger(context: Context, stream: Stream): Value {
  const { graph, config, precision } = context;
  const { embedDim, mergeSize } = config.vision;
  const merged = embedDim * mergeSize ** 2;
  const name = names.merger;
  const options = { length: embedDim, factor: 1, type: 'f32' } as const;
  const { normed } = normStream(context, `${name}.ln_q`, stream, {
    gamma: vector(context, `${name}.ln_q.weight`, options),
    beta: vector(context, `${name}.ln_q.bias`, options),
    epsilon: EPSILON,
  });
  const grouped = reshape(graph, `${name}.grouped`, normed, [-1, merged]); // [B*P/4, 4*D]
  const inner = linear(graph, `${name}.mlp.0`, grouped, {
    weight: `${name}.mlp.0.weight`,
    bias: vector(context, `${name}.mlp.0.bias`, { length: merged, factor: 1, type: precision.type }),
    inFeatures: merged,
    outFeatures: merged,
    type: precision.type,
  });
  return linear(graph, 'features', gelu(graph, `${name}.mlp.1`, inner), {
    weight: `${name}.mlp.2.weight`,
    bias: vector(context, `${name}.mlp.2.bias`, { length: config.hiddenSize, factor: 1, type: precision.type }),
    inFeatures: merged,
    outFeatures: config.hiddenSize,
    type: precision.type,
  });
}

/** A linear layer whose input carries the residual factor, so its bias must too. */
function biasedLinear(
  context: Context,
  name: string,
  x: Value,
  size: { inFeatures: number; outFeatures: number },
): Value {
  const { graph, precision } = context;
  return linear(graph, name, x, {
    weight: `${name}.weight`,
    bias: vector(context, `${name}.bias`, {
      length: size.outFeatures,
      factor: precision.residual,
      type: precision.type,
    }),
    type: precision.type,
    ...size,
  });
}

/** The tables in the activations' type. */
export function visionRun({ graph, precision }: Context, inputs: VisionRun): VisionRun {
  return {
    ...inputs,
    cos: castFrom(graph, `cos.${precision.type}`, inputs.cos, 'f32', precision.type),
    sin: castFrom(graph, `sin.${precision.type}`, inputs.sin, 'f32', precision.type),
  };
}
