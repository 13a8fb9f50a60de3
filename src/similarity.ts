/** @file The similarity of embeddings: of two, or of each one in a list with each one in another. */

import { InvalidInputError } from './errors';
import { isMultiVector, maxSim, type MultiVector } from './multi-vector';

/** An embedding in any precision of `embed`, or as plain numbers, as returned by servers, files and other libraries. */
export type AnyVector = Float32Array | Int8Array | Uint8Array | readonly number[] | MultiVector;

/**
 * Computes the cosine of two embeddings, −1 to 1. For float32 embeddings it is their dot product, since they have unit
 * length; for int8 embeddings and plain numbers the norms are divided out; for binary ones it is the share of equal
 * signs minus the share of different ones. For several vectors per input it is MaxSim, with `a` as the query.
 *
 * ```ts
 * const [query, caption] = await model.embed(['a red kite', 'a kite in the sky']);
 * console.log(similarity(query, caption));
 * ```
 * // [dims], [dims]
 * @throws InvalidInputError if lengths or precisions differ, and for anything that is not a vector: the null of a
 *   skipped input, or NaN
 */
export function similarity<V extends AnyVector>(a: V, b: V): number;
/** Compares every embedding in `a` with every one in `b`. // [a][b] */
export function similarity<V extends AnyVector>(a: readonly V[], b: readonly V[]): Float32Array[];
export function similarity(
  a: AnyVector | readonly AnyVector[],
  b: AnyVector | readonly AnyVector[],
): number | Float32Array[] {
  if (isVector(a) && isVector(b)) return score(a, b);
  if (isVector(a) || isVector(b)) {
    throw new InvalidInputError(
      'similarity takes two vectors or two lists of vectors; put a single vector into a list.',
    );
  }
  expectVectors('a', a);
  expectVectors('b', b);
  return a.map((left) => Float32Array.from(b, (right) => score(left, right)));
}

const isNumbers = (value: unknown): value is readonly number[] => Array.isArray(value) && typeof value[0] === 'number';

const isVector = (value: unknown): value is AnyVector =>
  [Float32Array, Int8Array, Uint8Array].some((Class) => value instanceof Class) ||
  isMultiVector(value) ||
  isNumbers(value);

function expectVectors(name: string, list: unknown): void {
  if (!Array.isArray(list)) throw noVector(name, list);
  for (const [i, each] of list.entries()) if (!isVector(each)) throw noVector(`${name}[${i}]`, each);
}

function noVector(where: string, value: unknown): InvalidInputError {
  const what = value === null ? 'null, which embed returns for a skipped input' : `a ${typeof value}`;
  return new InvalidInputError(`similarity: ${where} is ${what}, not a vector.`, { input: where });
}

function score(a: AnyVector, b: AnyVector): number {
  if (isMultiVector(a) && isMultiVector(b)) return maxSim(a, b);
  if (isMultiVector(a) || isMultiVector(b)) {
    throw new InvalidInputError(
      'A single vector and several vectors per input cannot be compared; they come from different models.',
    );
  }
  return cosine(a, b);
}

type SingleVector = Exclude<AnyVector, MultiVector>;

function cosine(a: SingleVector, b: SingleVector): number {
  const areNumbers = isNumbers(a) || isNumbers(b);
  if (areNumbers ? !isFloat(a) || !isFloat(b) : a.constructor !== b.constructor) {
    throw new InvalidInputError(`A ${a.constructor.name} and a ${b.constructor.name} have different precisions.`);
  }
  if (a.length !== b.length) {
    throw new InvalidInputError(
      `The vectors have ${a.length} and ${b.length} dimensions; they come from different models.`,
    );
  }
  const found =
    areNumbers || a instanceof Int8Array
      ? dividedCosine(a, b)
      : a instanceof Uint8Array
        ? equalSigns(a, b)
        : dotProduct(a, b);
  if (Number.isFinite(found)) return found;
  throw new InvalidInputError('similarity: a vector contains something that is not a finite number.');
}

const isFloat = (vector: SingleVector) => vector instanceof Float32Array || isNumbers(vector);

function dotProduct(a: SingleVector, b: SingleVector): number {
  let dot = 0;
  for (let i = 0; i < a.length; i++) dot += a[i]! * b[i]!;
  return dot;
}

function dividedCosine(a: SingleVector, b: SingleVector): number {
  let dot = 0;
  let squareA = 0;
  let squareB = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    squareA += a[i]! * a[i]!;
    squareB += b[i]! * b[i]!;
  }
  return squareA === 0 || squareB === 0 ? 0 : dot / Math.sqrt(squareA * squareB);
}

/** Number of one bits in each byte. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

function equalSigns(a: SingleVector, b: SingleVector): number {
  let different = 0;
  for (let i = 0; i < a.length; i++) different += ONES[a[i]! ^ b[i]!]!;
  return 1 - (2 * different) / (8 * a.length);
}
