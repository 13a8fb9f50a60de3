/** @file How alike embeddings are: two of them, or every one of some with every one of others. */

import { InvalidInputError } from './errors';

/** An embedding in any precision of `embed`. */
export type AnyVector = Float32Array | Int8Array | Uint8Array;

/**
 * Cosine of two embeddings, −1 to 1. Of float32 ones it is their dot product, for they are of unit length; of int8 ones
 * the norms are divided out; of binary ones it is the share of equal signs less that of different ones.
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
  if (isVector(a) && isVector(b)) return cosine(a, b);
  if (isVector(a) || isVector(b)) {
    throw new InvalidInputError('similarity takes two vectors or two lists of vectors; put the one into a list.');
  }
  return a.map((left) => Float32Array.from(b, (right) => cosine(left, right)));
}

const isVector = (value: AnyVector | readonly AnyVector[]): value is AnyVector => ArrayBuffer.isView(value);

function cosine(a: AnyVector, b: AnyVector): number {
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
