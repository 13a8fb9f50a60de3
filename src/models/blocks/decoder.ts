/**
 * @file The language model (spec section 5.5) for embedding only: no cache, no logits, and after the last attention
 * nothing but the pooled rows. B sequences of N tokens together, the longest of S, H = hiddenSize. Rows are packed
 * one after another; only attention spreads them out to [B, S], so that nothing else is computed for padding.
 */

import {
  castFrom,
  gatherRows,
  groupQueryAttention,
  l2Normalize,
  linear,
  quickGelu,
  reshape,
  reshapeTo,
  scale,
  type Value,
} from '../../onnx/index';
import { type Context, vector } from './activations';
import { addBranch, normStream, normStreamF32, type Stream } from './residual';
import { names } from '../qwen2-vl/weights';

/** What changes from run to run. */
export interface TextRun {
  cos: Value; // [S, headDim/2] activations' type
  sin: Value; // [S, headDim/2]
  batchShape: Value; // int64 [B, S, -1]
  padded: Value; // int32 [B*S], row of N at each place
  packed: Value; // int32 [N], place of each row
  lastPositions: Value; // int32 [B], tokens - 1
  length: Value; // int32 scalar, S
}

/** Token rows and visual tokens, each where the prompt has it. // → [N, H] */
export function spliceEmbeddings(
  { graph, precision }: Context,
  inputs: { tokenRows: Value; features: Value; rows: Value },
): Stream {
  const features = castFrom(graph, 'features.f32', inputs.features, precision.type, 'f32');
  const all = graph.node('Concat', 'rows.all', [inputs.tokenRows, features], { attributes: { axis: { int: 0 } } });
  const spliced = gatherRows(graph, 'rows.spliced', all, inputs.rows);
  return { hidden: scale(graph, 'rows.scaled', spliced, precision.residual), branch: null };
}

/**
 * x += attention(norm(x)); x += mlp(norm(x))
 * @param pooled Row of each sequence to keep; all rows where it is absent. // int32 [B]
 */
export function decoderLayer(context: Context, stream: Stream, layer: number, run: TextRun, pooled?: Value): Stream {
  const { graph, precision } = context;
  const name = names.layer(layer);
  const first = rmsNorm(context, `${name}.input_layernorm`, stream, precision.residual);
  let heads = attention(context, `${name}.self_attn`, first.normed, run); // [N, heads*headDim]
  let { hidden } = first.stream;
  if (pooled !== undefined) {
    heads = gatherRows(graph, `${name}.self_attn.pooled`, heads, pooled); // [B, heads*headDim]
    hidden = gatherRows(graph, `${name}.pooled`, hidden, pooled); // [B, H]
  }
  const attended = addBranch(context, { hidden, branch: null }, outputProjection(context, name, heads));
  const second = rmsNorm(context, `${name}.post_attention_layernorm`, attended, precision.gated);
  return addBranch(context, second.stream, gatedMlp(context, `${name}.mlp`, second.normed));
}

/** RMSNorm times a factor that the branch carries through. // [n, H] */
function rmsNorm(context: Context, name: string, stream: Stream, factor: number): { normed: Value; stream: Stream } {
  const { hiddenSize, rmsEps } = context.config;
  return normStream(context, name, stream, {
    gamma: vector(context, `${name}.weight`, { length: hiddenSize, factor, type: 'f32' }),
    epsilon: rmsEps,
  });
}

/** Causal grouped-query attention, without the output projection. // [N, H] → [N, heads*headDim] */
function attention(context: Context, name: string, x: Value, run: TextRun): Value {
  const { graph, config, precision } = context;
  const { hiddenSize, heads, kvHeads, headDim } = config;
  const width = (heads + 2 * kvHeads) * headDim;
  const rows = linear(graph, `${name}.qkv`, x, {
    weight: `${name}.qkv.weight`,
    bias: vector(context, `${name}.qkv.bias`, { length: width, factor: precision.residual, type: precision.type }),
    inFeatures: hiddenSize,
    outFeatures: width,
    type: precision.type,
  }); // q | k | v, [N, width]
  const padded = gatherRows(graph, `${name}.qkv.padded`, rows, run.padded); // [B*S, width]
  const qkv = reshapeTo(graph, `${name}.qkv.batched`, padded, run.batchShape); // [B, S, width]
  const attended = groupQueryAttention(
    graph,
    `${name}.attention`,
    { qkv, ...run },
    { heads, kvHeads, scale: headDim ** -0.5 / precision.residual ** 2 },
  ); // [B, S, heads*headDim]
  const places = reshape(graph, `${name}.attention.rows`, attended, [-1, heads * headDim]); // [B*S, heads*headDim]
  return gatherRows(graph, `${name}.attention.packed`, places, run.packed);
}

function outputProjection({ graph, config, precision }: Context, layer: string, heads: Value): Value {
  return linear(graph, `${layer}.self_attn.o_proj`, heads, {
    weight: `${layer}.self_attn.o_proj.weight`,
    inFeatures: config.heads * config.headDim,
    outFeatures: config.hiddenSize,
    type: precision.type,
  });
}

/** down(silu(gate(x)) · up(x)) // [n, H] → [n, H] */
function gatedMlp({ graph, config, precision }: Context, name: string, x: Value): Value {
  const { hiddenSize, intermediateSize } = config;
  const widen = { inFeatures: hiddenSize, outFeatures: intermediateSize, type: precision.type };
  const gate = linear(graph, `${name}.gate_proj`, x, { weight: `${name}.gate_proj.weight`, ...widen });
  const up = linear(graph, `${name}.up_proj`, x, { weight: `${name}.up_proj.weight`, ...widen });
  const active = quickGelu(graph, `${name}.act`, gate, 1 / precision.gated); // silu
  return linear(graph, `${name}.down_proj`, graph.node('Mul', `${name}.gated`, [active, up]), {
    weight: `${name}.down_proj.weight`,
    inFeatures: intermediateSize,
    outFeatures: hiddenSize,
    type: precision.type,
  });
}

/** Final RMSNorm and L2 norm, in float32. // [B, H] → [B, H] */
export function embedding(context: Context, stream: Stream): Value {
  const { normed } = normStreamF32(context, names.finalNorm, stream, {
    gamma: vector(context, `${names.finalNorm}.weight`, {
      length: context.config.hiddenSize,
      factor: 1,
      type: 'f32',
    }),
    epsilon: context.config.rmsEps,
  });
  return l2Normalize(context.graph, 'embedding', normed);
}

/** The tables in the activations' type. */
export function textRun({ graph, precision }: Context, inputs: TextRun): TextRun {
  return {
    ...inputs,
    cos: castFrom(graph, `cos.${precision.type}`, inputs.cos, 'f32', precision.type),
    sin: castFrom(graph, `sin.${precision.type}`, inputs.sin, 'f32', precision.type),
  };
}
