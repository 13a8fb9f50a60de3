/**
 * @file Merging an adapter into rows of a base weight, in place:
 *   LoRA   W' = W + s·B·A
 *   DoRA   W' = (m / ‖V‖)·V  with  V = W + s·B·A  and ‖V‖ the norm of each row   (Liu et al., arXiv 2402.09353)
 * as PEFT's `merge_and_unload` does. Rows do not depend on each other, so any slice can be merged alone.
 */

import { CheckpointFormatError } from '../errors';
import { quote } from './quote';

/** The factors of one adapted weight `[out, in]`. */
export interface LowRankFactors {
  /** For messages. */
  readonly name: string;
  /** `lora_A.weight`. // [r, in] */
  readonly a: Float32Array;
  /** `lora_B.weight`. // [out, r] */
  readonly b: Float32Array;
  readonly r: number;
  readonly scaling: number;
  /** `lora_magnitude_vector`, or null for plain LoRA. // [out] */
  readonly magnitude: Float32Array | null;
}

/** The inner loop takes this many rows of A at once. */
const UNROLL = 8;

/**
 * Merges rows `first …` of the base weight in `rows`. // [n, in]
 * Products are summed in float64 and rounded to float32 once. Rejects with {@link CheckpointFormatError} where a row
 * is not finite, or has the norm 0 under DoRA.
 */
export function mergeRows(rows: Float32Array, first: number, columns: number, factors: LowRankFactors): void {
  const { a, b, r, scaling, magnitude } = factors;
  const sums = new Float64Array(columns);
  const weights = new Float64Array(Math.ceil(r / UNROLL) * UNROLL);
  const padded = padRows(a, r, columns);
  for (let at = 0, row = first; at < rows.length; at += columns, row++) {
    for (let k = 0; k < r; k++) weights[k] = scaling * b[row * r + k]!;
    for (let j = 0; j < columns; j++) sums[j] = rows[at + j]!;
    for (let k = 0; k < r; k += UNROLL) addEight(sums, padded, k, columns, weights);
    let square = 0;
    for (let j = 0; j < columns; j++) {
      const value = sums[j]!;
      square += value * value;
    }
    if (!(square < Infinity) || (magnitude && !(square > 0))) {
      throw new CheckpointFormatError(`row ${row} of ${quote(factors.name)} is not finite, or zero, when merged`, {
        tensor: factors.name,
        row,
      });
    }
    const gain = magnitude ? magnitude[row]! / Math.sqrt(square) : 1;
    for (let j = 0; j < columns; j++) rows[at + j] = sums[j]! * gain;
  }
}

/** `sums += weights[k … k+7] · A[k … k+7]`: the hot loop, eight multiply-adds for each load and store of `sums`. */
function addEight(sums: Float64Array, a: Float32Array, k: number, columns: number, weights: Float64Array): void {
  const w0 = weights[k]!;
  const w1 = weights[k + 1]!;
  const w2 = weights[k + 2]!;
  const w3 = weights[k + 3]!;
  const w4 = weights[k + 4]!;
  const w5 = weights[k + 5]!;
  const w6 = weights[k + 6]!;
  const w7 = weights[k + 7]!;
  const a0 = a.subarray(k * columns, (k + 1) * columns);
  const a1 = a.subarray((k + 1) * columns, (k + 2) * columns);
  const a2 = a.subarray((k + 2) * columns, (k + 3) * columns);
  const a3 = a.subarray((k + 3) * columns, (k + 4) * columns);
  const a4 = a.subarray((k + 4) * columns, (k + 5) * columns);
  const a5 = a.subarray((k + 5) * columns, (k + 6) * columns);
  const a6 = a.subarray((k + 6) * columns, (k + 7) * columns);
  const a7 = a.subarray((k + 7) * columns, (k + 8) * columns);
  for (let j = 0; j < columns; j++) {
    sums[j]! +=
      w0 * a0[j]! + w1 * a1[j]! + w2 * a2[j]! + w3 * a3[j]! + (w4 * a4[j]! + w5 * a5[j]! + w6 * a6[j]! + w7 * a7[j]!);
  }
}

/** A with rows of zeros up to a multiple of {@link UNROLL}. */
function padRows(a: Float32Array, r: number, columns: number): Float32Array {
  if (r % UNROLL === 0) return a;
  const padded = new Float32Array(Math.ceil(r / UNROLL) * UNROLL * columns);
  padded.set(a);
  return padded;
}
