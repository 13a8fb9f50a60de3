/**
 * @file How the error of one weight is compensated for by the following ones, computed from the second moments of what
 * a matrix is multiplied with (Frantar et al., GPTQ, arXiv 2210.17323). Columns are taken in groups of 128, as if
 * inputs of different groups were uncorrelated: the data for a whole row would not fit into a browser's memory.
 *
 * With H = Xᵀ X (damped) and H⁻¹ = Uᵀ U, U upper triangular: if column j is rounded to a value that differs by d, the
 * output's squared error is smallest when d · U[j, k] / U[j, j] is subtracted from every later column k; that error
 * then grows by d² / U[j, j]².
 */

import type { MOMENT_COLUMNS } from '../../bundle/moments';

/** Columns of a group: the kernel's memory is laid out for it. */
export const GROUP = 128 satisfies typeof MOMENT_COLUMNS;

/** Added to the diagonal, as a fraction of its mean; the value of GPTQ. */
const DAMPING = 0.01;

/** The factors of one group. Columns beyond the matrix's end are zero. */
export interface GroupFactors {
  /** The cost of a column's squared error, 1 for the most important one. // [128] */
  importance: Float64Array;
  /** The share of a column's error that each later column takes over. // [128, 128], above the diagonal */
  spread: Float64Array;
  /** The factor that turns {@link importance} into the squared error of the outputs. */
  unit: number;
}

/**
 * @param moments Xᵀ X of the group's columns. // [columns, columns], as the upper triangle's rows one after another
 * @param columns at most 128
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
      let sum = r[i * n + j]!;
      for (let k = j + 1; k < n; k++) sum -= r[i * n + k]! * r[j * n + k]!;
      if (i < j) r[i * n + j] = sum / r[j * n + j]!;
      else if (sum > 0) r[j * n + j] = Math.sqrt(sum);
      else return null; // impossible for a sum of squares
    }
  }
  const importance = new Float64Array(GROUP);
  for (let j = 0; j < n; j++) importance[j] = r[j * n + j]! ** 2;
  const unit = importance.reduce((most, value) => Math.max(most, value), 0);
  for (let j = 0; j < n; j++) importance[j]! /= unit;
  return { importance, spread: spreadOf(r, n), unit };
}

/** Rows of R⁻¹, each divided by its diagonal. */
function spreadOf(r: Float64Array, n: number): Float64Array {
  const spread = new Float64Array(GROUP * GROUP);
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
    for (let k = i + 1; k < n; k++) spread[i * GROUP + k] = row[k]!;
  }
  return spread;
}
