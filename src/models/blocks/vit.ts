/**
 * @file One block of a vision transformer: pre-norm, bidirectional attention within each sequence, a two-layer MLP.
 * B sequences of P patches, D = width.
 */

import {
  castFrom,
  geluTanh,
  multiHeadAttention,
  quickGelu,
  reshape,
  reshapeTo,
  rotaryEmbedding,
  scale,
  splitLast,
  type Value,
} from '../../onnx';
import type { Context } from './activations';
import { applyLinear, applyNorm, type Linear, type Norm, weightsOf } from './layers';
import { addBranch, type Stream } from './residual';
import type { Step } from './steps';

/** CLIP's approximation of GELU. */
const QUICK_GELU_ALPHA = 1.702;

export interface VitConfig {
  readonly heads: number;
  readonly headDim: number;
  /** Between the two layers of the MLP. @default 'quick_gelu' */
  readonly activation?: 'quick_gelu' | 'gelu_tanh';
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

/** What the rows of the residual stream are. */
export const VIT_ROWS = 'patches';

/** x += attention(norm1(x)); x += fc2(gelu(fc1(norm2(x)))) // [B*P, D] */
export function vitSteps(config: VitConfig, block: VitBlock): Step<VitRun>[] {
  const { norm1, qkv, proj, norm2, fc1, fc2 } = block;
  return [
    {
      weights: weightsOf({ norm1, qkv, proj }),
      rows: VIT_ROWS,
      apply: (context, stream, run) => attend(context, config, block, { stream, run: run() }),
    },
    {
      weights: weightsOf({ norm2, fc1, fc2 }),
      rows: VIT_ROWS,
      apply: (context, stream) => mlp(context, config, block, stream),
    },
  ];
}

// What the norms give is `residual` times smaller, and everything linear behind them carries that through.

function attend(
  context: Context,
  config: VitConfig,
  block: VitBlock,
  { stream, run }: { stream: Stream; run: VitRun },
): Stream {
  const { normed, stream: summed } = applyNorm(context, block.norm1, stream, context.precision.residual);
  return addBranch(context, summed, attention(context, config, block, normed, run));
}

function mlp(context: Context, { activation }: VitConfig, { norm2, fc1, fc2 }: VitBlock, stream: Stream): Stream {
  const { graph, precision } = context;
  const factor = precision.residual;
  const name = `${fc1.name}.gelu`;
  // QuickGelu can carry a factor through, GELU cannot: behind it the factor enters.
  const carried = activation === 'gelu_tanh' ? 1 : factor;
  const { normed, stream: summed } = applyNorm(context, norm2, stream, carried);
  const up = applyLinear(context, fc1, normed, { factor: carried });
  const active =
    activation === 'gelu_tanh'
      ? scale(graph, `${name}.shrunk`, geluTanh(graph, name, up), factor, precision.type)
      : quickGelu(graph, name, up, QUICK_GELU_ALPHA / factor);
  return addBranch(context, summed, applyLinear(context, fc2, active, { factor }));
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
