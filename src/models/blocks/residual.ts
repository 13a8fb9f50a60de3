/** @file The residual stream: the norms read it and the branches add to it. */

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
  /** Between two slices of an MLP: the input that they all read, in the activations' type. */
  normed?: Value; // [n, d]
  /** float32. What is carried past the steps unchanged, for a later one; each with as many columns as the steps say. */
  carried?: readonly Value[]; // [n, ..]
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

/** Like {@link normStream}, but left in float32. */
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

/** The stream with its branch added, for use by another branch. */
export function summed(context: Context, name: string, stream: Stream): Stream {
  return { hidden: sumOf(context, name, stream), branch: null };
}

/** The stream with its branch added; unchanged if it has none. // [n, d] */
export function sumOf({ graph }: Context, name: string, { hidden, branch }: Stream): Value {
  return branch === null ? hidden : graph.node('Add', name, [hidden, branch]);
}

/** Where a stage begins or ends. */
interface Boundary {
  /** What the rows are: `tokens`. */
  rows: string;
  width: number;
  /** Whether it is between two slices of an MLP. */
  inside?: boolean;
  /** Columns of each value that is carried past. */
  carried?: readonly number[];
}

/** The stream that another stage returned. */
export function openStream({ graph, precision }: Context, boundary: Boundary): Stream {
  const { rows, width, inside = false, carried: columns = [] } = boundary;
  const given = graph.input('hidden', 'f32', [rows, columnsOf(boundary)]);
  if (!inside && columns.length === 0) return { hidden: given, branch: null };
  const widths = [...(inside ? [width, width] : [width]), ...columns];
  const parts = splitLast(graph, 'hidden.split', given, widths);
  const carried = parts.slice(inside ? 2 : 1);
  if (!inside) return { hidden: parts[0]!, branch: null, carried };
  const normed = castFrom(graph, `hidden.${precision.type}`, parts[0]!, 'f32', precision.type);
  return { hidden: parts[1]!, branch: null, normed, carried };
}

/** Names of the values that pass from one stage to the next. */
function columnsOf({ width, inside = false, carried = [] }: Boundary): number {
  return carried.reduce((sum, columns) => sum + columns, inside ? 2 * width : width);
}

/** The stream as a graph output, for another stage. */
export function closeStream(context: Context, stream: Stream, boundary: Boundary): void {
  const { graph, precision } = context;
  const { hidden, branch, normed, carried = [] } = stream;
  const { rows, width } = boundary;
  const name = 'hidden_out';
  if (normed !== undefined || carried.length > 0) {
    const read = normed === undefined ? [] : [castFrom(graph, `${name}.normed`, normed, precision.type, 'f32')];
    concatLast(graph, name, [...read, sumOf(context, `${name}.sum`, stream), ...carried]);
  } else if (branch === null) {
    reshape(graph, name, hidden, [-1, width]); // an output needs a node with its name
  } else {
    sumOf(context, name, stream);
  }
  graph.output(name, 'f32', [rows, columnsOf(boundary)]);
}
