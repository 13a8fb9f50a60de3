/** @file Embeddings in fewer bits, to store and send many of them. */

import { InvalidInputError } from './errors';

/**
 * - `float32`: as computed;
 * - `int8`: one byte per number, a quarter of the memory; each number is divided by the vector's largest magnitude and
 *   multiplied by 127;
 * - `binary`: one bit per number, its sign, a thirty-second of the memory; eight to a byte, the first in the highest
 *   bit, like numpy's `packbits` and sentence-transformers' `ubinary`.
 */
export type Precision = 'float32' | 'int8' | 'binary';

/** The type of an embedding in a given precision. // [dims]; for `binary` [dims / 8] */
export type VectorOf<P extends Precision> = P extends 'int8'
  ? Int8Array
  : P extends 'binary'
    ? Uint8Array
    : Float32Array;

export const PRECISIONS: readonly Precision[] = ['float32', 'int8', 'binary'];

/**
 * Converts an embedding to fewer bits; `similarity` compares two of the same precision. The loss in quality was
 * measured with `nano` (`bench/precision.ts`): see docs/precision.md.
 * @throws InvalidInputError for an unknown precision, and for anything that is not a vector of finite numbers; for `binary`
 *   if dims is not a multiple of 8
 */
export function quantizeEmbedding<P extends Precision>(vector: Float32Array, precision: P): VectorOf<P> {
  return quantized(vector, precision) as VectorOf<P>;
}

function quantized(vector: Float32Array, precision: Precision): VectorOf<Precision> {
  expectFinite(vector);
  if (precision === 'float32') return vector;
  if (precision === 'int8') return toBytes(vector);
  if (precision === 'binary') return toBits(vector);
  throw new InvalidInputError(`precision is ${JSON.stringify(precision)}; known values are ${PRECISIONS.join(', ')}.`, {
    option: 'precision',
  });
}

/** NaN would become zeros and signs, which nothing tells from a vector. */
function expectFinite(vector: unknown): void {
  const isVector = (vector instanceof Float32Array || Array.isArray(vector)) && vector.length > 0;
  if (isVector && vector.every((value) => Number.isFinite(value))) return;
  throw new InvalidInputError('quantizeEmbedding takes a vector of finite numbers.');
}

function toBytes(vector: Float32Array): Int8Array {
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return Int8Array.from(vector, (value) => (largest === 0 ? 0 : Math.round((value / largest) * 127)));
}

function toBits(vector: Float32Array): Uint8Array {
  if (vector.length % 8 !== 0) {
    throw new InvalidInputError(`Binary embeddings need dims that are a multiple of 8, not ${vector.length}.`, {
      dims: vector.length,
    });
  }
  const bits = new Uint8Array(vector.length / 8);
  for (const [i, value] of vector.entries()) if (value > 0) bits[i >> 3]! |= 0x80 >> (i & 7);
  return bits;
}
