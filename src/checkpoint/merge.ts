/**
 * @file Merging an adapter into rows of a base weight, in place:
 *   LoRA   W' = W + s·B·A
 *   DoRA   W' = (m / ‖V‖)·V  with  V = W + s·B·A  and ‖V‖ the norm of each row   (Liu et al., arXiv 2402.09353)
 * as PEFT's `merge_and_unload` does. Rows do not depend on each other, so any slice can be merged alone.
 */

import { CheckpointFormatError } from '../errors';
import { quote } from './quote';

/** The factors of one adapted weight `[out, in]`, the rank padded with zeros to a multiple of {@link UNROLL}. */
export interface LowRankFactors {
  /** For messages. */
  readonly name: string;
  /** `lora_A.weight`. // [rank, in] */
  readonly a: Float32Array;
  /** `lora_B.weight` times the scaling. // [out, rank] */
  readonly b: Float64Array;
  readonly rank: number;
  /** `lora_magnitude_vector`, or null for plain LoRA. // [out] */
  readonly magnitude: Float32Array | null;
}

/** The inner loop processes this many rows of A at once, and as many rows of W. */
const UNROLL = 4;
/** Columns done before the next rows, so that what the inner loop touches stays in the first-level cache. */
const TILE = 1024;

/** Lays factors out for {@link mergeRows}. `a` [r, in], `b` [out, r], as PEFT stores them. */
export function makeFactors(options: {
  name: string;
  a: Float32Array;
  b: Float32Array;
  r: number;
  scaling: number;
  magnitude: Float32Array | null;
}): LowRankFactors {
  const { name, r, scaling, magnitude } = options;
  const rank = Math.ceil(r / UNROLL) * UNROLL;
  const columns = options.a.length / r;
  const rows = options.b.length / r;
  const a = new Float32Array(rank * columns);
  a.set(options.a);
  const b = new Float64Array(rows * rank);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < r; k++) b[i * rank + k] = scaling * options.b[i * r + k]!;
  }
  return { name, a, b, rank, magnitude };
}

/**
 * Merges `rows`, which are rows `first …` of the base weight. // [n, in]
 * Throws {@link CheckpointFormatError} where a merged row is not finite, or has the norm 0 under DoRA.
 */
export function mergeRows(rows: Float32Array, first: number, columns: number, factors: LowRankFactors): void {
  const count = rows.length / columns;
  const { rank, magnitude } = factors;
  for (let begin = 0; begin < columns; begin += TILE) {
    const end = Math.min(begin + TILE, columns);
    let i = 0;
    for (; i + UNROLL <= count; i += UNROLL) {
      for (let k = 0; k < rank; k += UNROLL) addToFourRows(rows, i, first + i, columns, begin, end, factors, k);
    }
    for (; i < count; i++) {
      for (let k = 0; k < rank; k += UNROLL) addToRow(rows, i, first + i, columns, begin, end, factors, k);
    }
  }
  for (let i = 0; i < count; i++) {
    const row = first + i;
    const square = squaredNorm(rows, i * columns, columns);
    if (!(square < Infinity) || (magnitude && !(square > 0))) {
      throw new CheckpointFormatError(`row ${row} of ${quote(factors.name)} is not finite, or zero, when merged`, {
        tensor: factors.name,
        row,
      });
    }
    if (magnitude) scaleRow(rows, i * columns, columns, magnitude[row]! / Math.sqrt(square));
  }
}

/** The hot loop: adds ranks k … k+3 to columns begin … end-1 of four rows from `i` on (rows of B from `row` on). */
function addToFourRows(
  rows: Float32Array,
  i: number,
  row: number,
  columns: number,
  begin: number,
  end: number,
  { a, b, rank }: LowRankFactors,
  k: number,
): void {
  const p = row * rank + k;
  const [p0, p1, p2, p3] = [b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!];
  const q = p + rank;
  const [q0, q1, q2, q3] = [b[q]!, b[q + 1]!, b[q + 2]!, b[q + 3]!];
  const s = q + rank;
  const [s0, s1, s2, s3] = [b[s]!, b[s + 1]!, b[s + 2]!, b[s + 3]!];
  const t = s + rank;
  const [t0, t1, t2, t3] = [b[t]!, b[t + 1]!, b[t + 2]!, b[t + 3]!];
  const a0 = k * columns;
  const a1 = a0 + columns;
  const a2 = a1 + columns;
  const a3 = a2 + columns;
  const r0 = i * columns;
  const r1 = r0 + columns;
  const r2 = r1 + columns;
  const r3 = r2 + columns;
  for (let j = begin; j < end; j++) {
    const v0 = a[a0 + j]!;
    const v1 = a[a1 + j]!;
    const v2 = a[a2 + j]!;
    const v3 = a[a3 + j]!;
    rows[r0 + j]! += p0 * v0 + p1 * v1 + p2 * v2 + p3 * v3;
    rows[r1 + j]! += q0 * v0 + q1 * v1 + q2 * v2 + q3 * v3;
    rows[r2 + j]! += s0 * v0 + s1 * v1 + s2 * v2 + s3 * v3;
    rows[r3 + j]! += t0 * v0 + t1 * v1 + t2 * v2 + t3 * v3;
  }
}

/** The same for one row, with the same rounding, so that the grouping of rows never shows in the result. */
function addToRow(
  rows: Float32Array,
  i: number,
  row: number,
  columns: number,
  begin: number,
  end: number,
  { a, b, rank }: LowRankFactors,
  k: number,
): void {
  const p = row * rank + k;
  const [p0, p1, p2, p3] = [b[p]!, b[p + 1]!, b[p + 2]!, b[p + 3]!];
  const a0 = k * columns;
  const a1 = a0 + columns;
  const a2 = a1 + columns;
  const a3 = a2 + columns;
  const r0 = i * columns;
  for (let j = begin; j < end; j++) {
    rows[r0 + j]! += p0 * a[a0 + j]! + p1 * a[a1 + j]! + p2 * a[a2 + j]! + p3 * a[a3 + j]!;
  }
}

function squaredNorm(rows: Float32Array, start: number, columns: number): number {
  const even = start + columns - (columns % 4);
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let j = start; j < even; j += 4) {
    s0 += rows[j]! * rows[j]!;
    s1 += rows[j + 1]! * rows[j + 1]!;
    s2 += rows[j + 2]! * rows[j + 2]!;
    s3 += rows[j + 3]! * rows[j + 3]!;
  }
  for (let j = even; j < start + columns; j++) s0 += rows[j]! * rows[j]!;
  return s0 + s1 + (s2 + s3);
}

function scaleRow(rows: Float32Array, start: number, columns: number, gain: number): void {
  const end = start + columns;
  for (let j = start; j < end; j++) rows[j]! *= gain;
}
