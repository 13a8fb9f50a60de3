/** @file The numbers of vectors as outputs store them. */

import { fromHalf, toHalf } from '../../bundle/float16';
import { PRECISIONS, quantizeEmbedding, type Precision } from '../../precision';

/** `float16` is for storing alone: computations use float32. */
export type StoredPrecision = Precision | 'float16';

export const STORED_PRECISIONS: readonly StoredPrecision[] = ['float32', 'float16', ...PRECISIONS.slice(1)];

/** Digits enough to restore the same number. */
const DIGITS = { float32: 9, float16: 5 };

/** // [dims], `binary`: [dims / 8] */
export function storedVector(vector: Float32Array, precision: StoredPrecision): Float32Array | Int8Array | Uint8Array {
  if (precision === 'float16') return vector.map((value) => fromHalf(toHalf(value)));
  return quantizeEmbedding(vector, precision);
}

/** Little-endian bytes, as in an `.npy` file. */
export function storedBytes(vector: Float32Array, precision: StoredPrecision): Uint8Array {
  if (precision === 'int8' || precision === 'binary') {
    const { buffer, byteOffset, byteLength } = quantizeEmbedding(vector, precision);
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  const width = precision === 'float32' ? 4 : 2;
  const bytes = new Uint8Array(width * vector.length);
  const view = new DataView(bytes.buffer);
  if (width === 4) vector.forEach((value, i) => view.setFloat32(4 * i, value, true));
  else vector.forEach((value, i) => view.setUint16(2 * i, toHalf(value), true));
  return bytes;
}

/** Numbers for JSON, shortened to the digits that matter. */
export function jsonNumbers(vector: Float32Array, precision: StoredPrecision): number[] {
  const stored = storedVector(vector, precision);
  if (precision === 'int8' || precision === 'binary') return Array.from(stored);
  return Array.from(stored, (value) => Number(value.toPrecision(DIGITS[precision])));
}
