/** @file Queries made of several vectors: sums, with what to leave out subtracted. */

import { expectArgument, isListLike, isRecord } from '../../arguments';
import { InvalidInputError } from '../../errors';

/** A vector and its weight. */
export interface WeightedVector {
  /** A vector of any length above zero. // [dims] */
  vector: ArrayLike<number>;
  /** Above zero. @default 1 */
  weight?: number;
}

/** What to search for and what to leave out. Either one is enough. */
export interface VectorParts {
  /** Vectors to add. */
  include?: readonly WeightedVector[];
  /** Vectors to subtract. */
  exclude?: readonly WeightedVector[];
}

/**
 * How much of an excluded direction is subtracted from a query of length 1. Measured with `nano` (see "Exclusion" in
 * bench/RESULTS.md): a half removes half of the unwanted results and costs a twenty-fifth of the wanted ones;
 * subtracting the direction entirely (projection) costs a fifth.
 */
export const EXCLUSION = 0.5;

/**
 * Combines several vectors into one query: each included vector is scaled to length 1, their sum is scaled to length 1,
 * half of each excluded vector is subtracted, and the result is scaled to length 1. // [dims]
 * @throws InvalidInputError for anything but lists of vectors, if there are no vectors, if they differ in length or are zero, if a weight is not above
 *   zero, or if everything cancels out
 */
export function combineVectors(parts: VectorParts): Float32Array {
  expectArgument('combineVectors', 'parts', parts, 'an object with include or exclude', isRecord(parts));
  const { include = [], exclude = [] } = parts;
  for (const [name, list] of Object.entries({ include, exclude })) {
    const isList = Array.isArray(list) && list.every((part) => isRecord(part) && isListLike(part.vector));
    expectArgument('combineVectors', name, list, 'a list of objects, each with a vector', isList);
  }
  const dims = (include[0] ?? exclude[0])?.vector.length;
  if (!dims) throw new InvalidInputError('The query is empty: there is no vector to include or exclude.');
  const sum = new Float64Array(dims);
  for (const part of include) addUnit(sum, part, 1);
  if (include.length > 0) scaleToUnit(sum);
  for (const part of exclude) addUnit(sum, part, -EXCLUSION);
  return Float32Array.from(scaleToUnit(sum));
}

function addUnit(sum: Float64Array, { vector, weight = 1 }: WeightedVector, factor: number): void {
  if (vector.length !== sum.length) {
    throw new InvalidInputError(`Vectors of ${sum.length} and ${vector.length} dimensions cannot be combined.`);
  }
  if (!(weight > 0 && weight < Infinity)) throw new InvalidInputError(`A weight is ${weight}; it must be above 0.`);
  const length = lengthOf(vector);
  if (!(length > 1e-12 && length < Infinity)) throw new InvalidInputError(`A vector has the length ${length}.`);
  const by = (factor * weight) / length;
  for (let i = 0; i < sum.length; i++) sum[i]! += by * vector[i]!;
}

function scaleToUnit(values: Float64Array): Float64Array {
  const length = lengthOf(values);
  if (!(length > 1e-6)) throw new InvalidInputError('The parts of the query cancel each other out.');
  for (let i = 0; i < values.length; i++) values[i]! /= length;
  return values;
}

function lengthOf(values: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i]! * values[i]!;
  return Math.sqrt(squares);
}
