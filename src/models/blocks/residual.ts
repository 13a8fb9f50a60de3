/** @file The residual stream: what the norms read and the branches add to. */

import {
  addAndNormalize,
  castFrom,
  concatLast,
  type NormOptions,
  normalize,
  reshape,
  splitLast,
  type Value,
} from '../../onnx/index';
import type { Context } from './activations';

/** float32. The last branch is not added yet: the next norm adds it in the same kernel. */
export interface Stream {
  hidden: Value; // [n, d]
  branch: Value | null; // [n, d]
  /** Between two slices of an MLP: what they all read, in the activations' type. */
  normed?: Value; // [n, d]
}

/** The norm of the stream in the activations' type, and the stream with its branch added. */
export function normStream(
  { graph, precision }: Context,
  name: string,
  stream: Stream,
  norm: NormOptions,
): { normed: Value; stream: Stream } {
  const { normed, stream: next } = normStreamF32({ graph, precision }, name, stream, norm);
  return { normed: castFrom(graph, `${name}.${precision.type}`, normed, 'f32', precision.type), stream: next };
}

/** Like {@link normStream}, left in float32. */
export function normStreamF32(
  { graph, precision }: Pick<Context, 'graph' | 'precision'>,
  name: string,
  stream: Stream,
  norm: NormOptions,
): { normed: Value; stream: Stream } {
  const options = { ...norm, epsilon: norm.epsilon * precision.residual ** 2 };
  if (stream.branch === null) return { normed: normalize(graph, name, stream.hidden, options), stream };
  const { normed, sum } = addAndNormalize(graph, name, stream.hidden, stream.branch, options);
  return { normed, stream: { hidden: sum, branch: null } };
}

/** Adds what a branch computed in the activations' type. */
export function addBranch({ graph, precision }: Context, stream: Stream, branch: Value): Stream {
  if (stream.branch !== null) throw new Error('internal: the stream has a branch that no norm added');
  return { hidden: stream.hidden, branch: castFrom(graph, `${branch}.f32`, branch, precision.type, 'f32') };
}

/** The stream with its branch added, for another. */
export function summed(context: Context, name: string, stream: Stream): Stream {
  return { hidden: sumOf(context, name, stream), branch: null };
}

/** The stream with its branch added; as it is without one. // [n, d] */
export function sumOf({ graph }: Context, name: string, { hidden, branch }: Stream): Value {
  return branch === null ? hidden : graph.node('Add', name, [hidden, branch]);
}

/** Where a stage begins or ends. */
interface Boundary {
  /** What the rows are: `tokens`. */
  rows: string;
  width: number;
  /** Whether between two slices of an MLP. */
  inside?: boolean;
}

/** The stream that another stage gave. */
export function openStream({ graph, precision }: Context, { rows, width, inside = false }: Boundary): Stream {
  const given = graph.input('hidden', 'f32', [rows, inside ? 2 * width : width]);
  if (!inside) return { hidden: given, branch: null };
  const [normed, hidden] = splitLast(graph, 'hidden.split', given, [width, width]) as [Value, Value];
  return { hidden, branch: null, normed: castFrom(graph, `hidden.${precision.type}`, normed, 'f32', precision.type) };
}

/** The stream as a graph output, for another stage. */
export function closeStream(context: Context, stream: Stream, { rows, width }: Boundary): void {
  const { graph, precision } = context;
  const { hidden, branch, normed } = stream;
  const name = 'hidden_out';
  if (normed !== undefined) {
    const read = castFrom(graph, `${name}.normed`, normed, precision.type, 'f32');
    const both = concatLast(graph, name, [read, sumOf(context, `${name}.sum`, stream)]);
    graph.output(both, 'f32', [rows, 2 * width]);
  } else {
    // An output needs a node of its name.
    const whole = branch === null ? reshape(graph, name, hidden, [-1, width]) : sumOf(context, name, stream);
    graph.output(whole, 'f32', [rows, width]);
  }
}
