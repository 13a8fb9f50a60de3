/**
 * @file A vector in 16 bits per number: `x[i] ≈ scale · code[i] / 254`, with `code = 254 · coarse + fine`, both of a
 * byte from −127 to 127. The coarse bytes alone are the usual int8 quantization; a search reads them for every vector.
 * The fine bytes are read only for the few vectors that may be among the best. For why int8 alone or float16 was not
 * chosen, see "Stored precision" in bench/RESULTS.md.
 */

import { InvalidInputError } from '../../errors';

/** Number of fine steps in a coarse one. */
export const FINE = 254;

/** A vector whose largest magnitude is below this has no direction worth keeping. */
const LEAST = 1e-30;

/**
 * Writes the codes of `vector` and returns its scale, a float32 above zero.
 * @throws InvalidInputError for zeros, NaN and infinities
 */
export function encode(vector: ArrayLike<number>, coarse: Int8Array, fine: Int8Array): number {
  let largest = 0;
  for (let i = 0; i < vector.length; i++) {
    const magnitude = Math.abs(vector[i]!);
    if (!(magnitude < 1e30)) throw new InvalidInputError(`The vector's number ${i} is ${vector[i]}.`);
    if (magnitude > largest) largest = magnitude;
  }
  if (largest < LEAST) throw new InvalidInputError('The vector is zero, so nothing is similar to it.');
  const scale = Math.fround(largest / 127);
  const factor = FINE / scale;
  for (let i = 0; i < vector.length; i++) {
    const code = Math.round(vector[i]! * factor);
    const high = Math.round(code / FINE);
    coarse[i] = high;
    fine[i] = code - FINE * high;
  }
  return scale;
}

/** Length of the part of a vector that its coarse bytes leave out, rounded up. */
export function fineLength(scale: number, fine: Int8Array): number {
  let sum = 0; // stays below 2³¹: at most 8192 squares of a byte, and integers take less time than doubles
  for (let i = 0; i < fine.length; i++) sum = (sum + Math.imul(fine[i]!, fine[i]!)) | 0;
  return Math.fround(((scale * Math.sqrt(sum)) / FINE) * (1 + 1e-6));
}
