/** @file The residual stream: what the norms read and the branches add to. */

import { addAndNormalize, castFrom, type NormOptions, normalize, type Value } from '../../onnx/index';
import type { Context } from './activations';

/** float32. The last branch is not added yet: the next norm adds it in the same kernel. */
export interface Stream {
  hidden: Value; // [n, d]
  branch: Value | null; // [n, d]
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

/** The stream as a graph output. // [n, d] */
export function closeStream({ graph }: Context, name: string, stream: Stream): Value {
  if (stream.branch === null) throw new Error('internal: the stream of a stage ends with a branch');
  return graph.node('Add', name, [stream.hidden, stream.branch]);
}
