/**
 * @file One block of a vision transformer, or of a text encoder of the same structure: pre-norm, bidirectional
 * attention within each sequence, a two-layer MLP. B sequences of P patches (or tokens), D = width.
 */

import {
  castFrom,
  gatherRows,
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

/** `quick_gelu` is CLIP's approximation of GELU. */
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
  /** Tables of one sequence, [P, headDim/2] each in the activations' type; null if positions are embedded. */
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

export interface VitStepsOptions {
  /** What the rows of the residual stream are, in the graphs' terms. @default 'patches' */
  readonly rows?: string;
  /** Whether only the rows `last` are kept after the attention. @default false */
  readonly pooled?: boolean;
}

/** The rows that are kept in the last block of a text. */
export const POOLED_ROWS = 'pooled';

/** x += attention(norm1(x)); x += fc2(gelu(fc1(norm2(x)))) // [B*P, D] → the same, or [E, D] where rows are pooled */
export function vitSteps(
  config: VitConfig,
  block: VitBlock,
  { rows: given = VIT_ROWS, pooled = false }: VitStepsOptions = {},
): Step<VitRun>[] {
  const { norm1, qkv, proj, norm2, fc1, fc2 } = block;
  const rows = pooled ? POOLED_ROWS : given;
  return [
    {
      weights: weightsOf({ norm1, qkv, proj }),
      rows,
      apply: (context, stream, run) => attend(context, config, block, { stream, run: run(), pooled }),
    },
    {
      weights: weightsOf({ norm2, fc1, fc2 }),
      rows,
      apply: (context, stream) => vitMlp(context, config, block, stream),
    },
  ];
}

// The norms return values that are `residual` times smaller, and everything linear after them keeps that factor.

function attend(
  context: Context,
  config: VitConfig,
  block: VitBlock,
  { stream, run, pooled }: { stream: Stream; run: VitRun; pooled: boolean },
): Stream {
  const { graph, precision } = context;
  const { norm1, proj } = block;
  const { normed, stream: summed } = applyNorm(context, norm1, stream, precision.residual);
  let rows = attention(context, config, block, normed, run);
  let { hidden } = summed;
  if (pooled) {
    const last = graph.input('last', 'i32', [POOLED_ROWS]);
    rows = gatherRows(graph, `${proj.name}.pooled`, rows, last); // [E, D]
    hidden = gatherRows(graph, `${norm1.name}.pooled`, hidden, last); // [E, D]
  }
  return addBranch(context, { hidden, branch: null }, applyLinear(context, proj, rows, { factor: precision.residual }));
}

/** x += fc2(gelu(fc1(norm2(x)))) // [n, D] */
export function vitMlp(
  context: Context,
  { activation }: Pick<VitConfig, 'activation'>,
  { norm2, fc1, fc2 }: Pick<VitBlock, 'norm2' | 'fc1' | 'fc2'>,
  stream: Stream,
): Stream {
  const { graph, precision } = context;
  const factor = precision.residual;
  const name = `${fc1.name}.gelu`;
  // QuickGelu can carry a factor through, but GELU cannot: the factor is applied after it.
  const carried = activation === 'gelu_tanh' ? 1 : factor;
  const { normed, stream: summed } = applyNorm(context, norm2, stream, carried);
  const up = applyLinear(context, fc1, normed, { factor: carried });
  const active =
    activation === 'gelu_tanh'
      ? scale(graph, `${name}.shrunk`, geluTanh(graph, name, up), factor, precision.type)
      : quickGelu(graph, name, up, QUICK_GELU_ALPHA / factor);
  return addBranch(context, summed, applyLinear(context, fc2, active, { factor }));
}

/** Without the output projection. // [B*P, D] → [B*P, D] */
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
  return reshape(graph, `${name}.attention.rows`, attended, [-1, width]); // [B*P, D]
}
