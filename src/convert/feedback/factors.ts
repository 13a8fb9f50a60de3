/**
 * @file How the error of one weight is compensated for by the following ones, computed from the second moments of what
 * a matrix is multiplied with (Frantar et al., GPTQ, arXiv 2210.17323). Columns are taken in groups of at most 512, as if
 * inputs of different groups were uncorrelated: the data for a whole row would not fit into a browser's memory.
 *
 * With H = Xᵀ X (damped) and H⁻¹ = Uᵀ U, U upper triangular: if column j is rounded to a value that differs by d, the
 * output's squared error is smallest when d · U[j, k] / U[j, j] is subtracted from every later column k; that error
 * then grows by d² / U[j, j]².
 */

import type { MOMENT_COLUMNS } from '../../bundle/moments';

/** The most columns of a group: the kernel's memory is laid out for it. */
export const GROUP = 512 satisfies typeof MOMENT_COLUMNS;

/** Added to the diagonal, as a fraction of its mean; the value of GPTQ. */
const DAMPING = 0.01;

/** The factors of one group. */
export interface GroupFactors {
  /** The cost of a column's squared error, 1 for the most important one. // [columns] */
  importance: Float64Array;
  /** The share of a column's error that each later column takes over. // [columns, columns], above the diagonal */
  spread: Float32Array;
  /** The factor that turns {@link importance} into the squared error of the outputs. */
  unit: number;
}

/**
 * @param moments Xᵀ X of the group's columns. // [columns, columns], as the upper triangle's rows one after another
 * @param columns at most 512
 * @returns null if the inputs are all zero, or not finite
 */
export function factorsOf(moments: ArrayLike<number>, columns: number): GroupFactors | null {
  const n = columns;
  let mean = 0;
  for (let i = 0, at = 0; i < n; at += n - i++) mean += moments[at]! / n;
  if (!(mean > 0 && mean < Infinity)) return null;
  // H = R Rᵀ with R upper triangular, from the last row up; then U = R⁻¹.
  const r = new Float64Array(n * n);
  for (let i = 0, at = 0; i < n; i++) {
    for (let k = i; k < n; k++) r[i * n + k] = moments[at++]! + (i === k ? DAMPING * mean : 0);
  }
  for (let j = n - 1; j >= 0; j--) {
    for (let i = j; i >= 0; i--) {
      const sum = r[i * n + j]! - dot(r, i * n + j + 1, j * n + j + 1, n - j - 1);
      if (i < j) r[i * n + j] = sum / r[j * n + j]!;
      else if (sum > 0) r[j * n + j] = Math.sqrt(sum);
      else return null; // impossible for a sum of squares
    }
  }
  const importance = new Float64Array(n);
  for (let j = 0; j < n; j++) importance[j] = r[j * n + j]! ** 2;
  const unit = importance.reduce((most, value) => Math.max(most, value), 0);
  for (let j = 0; j < n; j++) importance[j]! /= unit;
  return { importance, spread: spreadOf(r, n), unit };
}

/** The product of two runs of numbers, in four sums that a processor adds up at once. */
function dot(values: Float64Array, first: number, second: number, length: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < length; i += 4) {
    a += values[first + i]! * values[second + i]!;
    b += values[first + i + 1]! * values[second + i + 1]!;
    c += values[first + i + 2]! * values[second + i + 2]!;
    d += values[first + i + 3]! * values[second + i + 3]!;
  }
  for (; i < length; i++) a += values[first + i]! * values[second + i]!;
  return a + b + (c + d);
}

/** Rows of R⁻¹, each divided by its diagonal. */
function spreadOf(r: Float64Array, n: number): Float32Array {
  const spread = new Float32Array(n * n);
  const row = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    // Row i of R⁻¹ times R[i, i]: 1 at i, then for each k: −(the sum over the columns before it) / R[k, k].
    row.fill(0);
    row[i] = 1;
    for (let j = i; j < n; j++) {
      if (j > i) row[j] = -row[j]! / r[j * n + j]!;
      const value = row[j]!;
      for (let k = j + 1; k < n; k++) row[k]! += value * r[j * n + k]!;
    }
    for (let k = i + 1; k < n; k++) spread[i * n + k] = row[k]!;
  }
  return spread;
}
