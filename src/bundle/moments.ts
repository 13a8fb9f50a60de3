/** @file What is measured of a bundle's matrices, so that they can be rounded better: the seam between runtime and converter. */

/** Columns whose second moments are taken together. */
export const MOMENT_COLUMNS = 128;

/** Second moments of what some matrices are multiplied with. */
export interface InputMoments {
  /** Names of the matrices. */
  weights: readonly string[];
  columns: number;
  /**
   * Xᵀ X of 128 columns at a time (the last group has what is left), of each the upper triangle's rows one after another.
   */
  groups: Float32Array[];
}

/** Numbers of a group of so many columns. */
export function triangle(columns: number): number {
  return (columns * (columns + 1)) / 2;
}
