/** @file How alike embeddings are: two of them, or every one of some with every one of others. */

import { InvalidInputError } from './errors';
import { isMultiVector, maxSim, type MultiVector } from './multi-vector';

/** An embedding in any precision of `embed`. */
export type AnyVector = Float32Array | Int8Array | Uint8Array | MultiVector;

/**
 * Cosine of two embeddings, −1 to 1. Of float32 ones it is their dot product, for they are of unit length; of int8 ones
 * the norms are divided out; of binary ones it is the share of equal signs less that of different ones.
 * Of several vectors per input it is MaxSim, of `a` as the query.
 * // [dims], [dims]
 * @throws InvalidInputError where lengths or precisions differ
 */
export function similarity<V extends AnyVector>(a: V, b: V): number;
/**
 * The same of every embedding of `a` with every one of `b`. // [a][b]
 */
export function similarity<V extends AnyVector>(a: readonly V[], b: readonly V[]): Float32Array[];
export function similarity(
  a: AnyVector | readonly AnyVector[],
  b: AnyVector | readonly AnyVector[],
): number | Float32Array[] {
  if (isVector(a) && isVector(b)) return score(a, b);
  if (isVector(a) || isVector(b)) {
    throw new InvalidInputError('similarity takes two vectors or two lists of vectors; put the one into a list.');
  }
  return a.map((left) => Float32Array.from(b, (right) => score(left, right)));
}

const isVector = (value: AnyVector | readonly AnyVector[]): value is AnyVector =>
  ArrayBuffer.isView(value) || isMultiVector(value);

function score(a: AnyVector, b: AnyVector): number {
  if (isMultiVector(a) && isMultiVector(b)) return maxSim(a, b);
  if (isMultiVector(a) || isMultiVector(b)) {
    throw new InvalidInputError('One vector and several cannot be compared; they are of different models.');
  }
  return cosine(a, b);
}

type SingleVector = Exclude<AnyVector, MultiVector>;

function cosine(a: SingleVector, b: SingleVector): number {
  if (a.constructor !== b.constructor) {
    throw new InvalidInputError(`A ${a.constructor.name} and a ${b.constructor.name} are of different precisions.`);
  }
  if (a.length !== b.length) {
    throw new InvalidInputError(
      `The vectors have ${a.length} and ${b.length} dimensions; they are of different models.`,
    );
  }
  if (a instanceof Float32Array) return dotProduct(a, b as Float32Array);
  if (a instanceof Int8Array) return integerCosine(a, b as Int8Array);
  return 1 - (2 * differentBits(a, b as Uint8Array)) / (8 * a.length);
}

function dotProduct(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  for (let i = 0; i < a.length; i++) dot += a[i]! * b[i]!;
  return dot;
}

function integerCosine(a: Int8Array, b: Int8Array): number {
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

/** Ones in each byte. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

function differentBits(a: Uint8Array, b: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) count += ONES[a[i]! ^ b[i]!]!;
  return count;
}
