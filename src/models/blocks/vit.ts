/**
 * @file One block of a vision transformer: pre-norm, bidirectional attention within each sequence, a two-layer MLP.
 * B sequences of P patches, D = width.
 */

import {
  castFrom,
  multiHeadAttention,
  quickGelu,
  reshape,
  reshapeTo,
  rotaryEmbedding,
  splitLast,
  type Value,
} from '../../onnx';
import type { Context } from './activations';
import { applyLinear, applyNorm, type Linear, type Norm } from './layers';
import { addBranch, type Stream } from './residual';

/** CLIP's approximation of GELU. */
const QUICK_GELU_ALPHA = 1.702;

export interface VitConfig {
  readonly heads: number;
  readonly headDim: number;
}

/** The parts of a block; a type, so that `weightsOf` takes it. */
export type VitBlock = {
  readonly norm1: Norm;
  /** q | k | v */
  readonly qkv: Linear;
  readonly proj: Linear;
  readonly norm2: Norm;
  readonly fc1: Linear;
  readonly fc2: Linear;
};

/** What changes from run to run. */
export interface VitRun {
  batchShape: Value; // int64 [B, P, -1]
  /** Tables of one sequence, [P, headDim/2] each in the activations' type; null where positions are embedded. */
  rotary: { cos: Value; sin: Value } | null;
}

/** The inputs, with the tables in the activations' type. */
export function vitRun({ graph, precision }: Context, options: { rotary: boolean; headDim: number }): VitRun {
  const table = (name: string) => {
    const input = graph.input(name, 'f32', ['positions', options.headDim / 2]);
    return castFrom(graph, `${name}.${precision.type}`, input, 'f32', precision.type);
  };
  const rotary = options.rotary ? { cos: table('cos'), sin: table('sin') } : null;
  return { rotary, batchShape: graph.input('batch_shape', 'i64', [3]) };
}

/** x += attention(norm1(x)); x += fc2(quickGelu(fc1(norm2(x)))) // [B*P, D] */
export function vitBlock(context: Context, config: VitConfig, block: VitBlock, stream: Stream, run: VitRun): Stream {
  // What the norms give is `residual` times smaller, and everything linear behind them carries that through.
  const factor = context.precision.residual;
  const first = applyNorm(context, block.norm1, stream, factor);
  const attended = addBranch(context, first.stream, attention(context, config, block, first.normed, run));
  const second = applyNorm(context, block.norm2, attended, factor);
  const up = applyLinear(context, block.fc1, second.normed, { factor });
  const active = quickGelu(context.graph, `${block.fc1.name}.gelu`, up, QUICK_GELU_ALPHA / factor);
  return addBranch(context, second.stream, applyLinear(context, block.fc2, active, { factor }));
}

/** // [B*P, D] → [B*P, D] */
function attention(context: Context, config: VitConfig, block: VitBlock, x: Value, run: VitRun): Value {
  const { graph, precision } = context;
  const { heads, headDim } = config;
  const { name } = block.qkv;
  const width = heads * headDim;
  const flat = applyLinear(context, block.qkv, x, { factor: precision.residual });
  const qkv = reshapeTo(graph, `${name}.batched`, flat, run.batchShape); // [B, P, 3*D]
  const [q, k, v] = splitLast(graph, `${name}.split`, qkv, [width, width, width]) as [Value, Value, Value];
  const turned = (part: Value, label: string) =>
    run.rotary === null ? part : rotaryEmbedding(graph, `${name}.${label}`, part, run.rotary);
  const attended = multiHeadAttention(
    graph,
    `${name}.attention`,
    { q: turned(q, 'q'), k: turned(k, 'k'), v },
    { heads, scale: headDim ** -0.5 / precision.residual ** 2 },
  ); // [B, P, D]
  const rows = reshape(graph, `${name}.attention.rows`, attended, [-1, width]); // [B*P, D]
  return applyLinear(context, block.proj, rows, { factor: precision.residual });
}
