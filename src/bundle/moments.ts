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

/** How many columns each group has: the last one what is left. */
export function groupSizes(columns: number): number[] {
  const count = Math.ceil(columns / MOMENT_COLUMNS);
  return Array.from({ length: count }, (_, g) => Math.min(MOMENT_COLUMNS, columns - g * MOMENT_COLUMNS));
}

/** Bytes of the moments of one input. */
export function momentBytes(columns: number): number {
  return 4 * groupSizes(columns).reduce((sum, size) => sum + triangle(size), 0);
}

/** Numbers of a group of so many columns. */
export function triangle(columns: number): number {
  return (columns * (columns + 1)) / 2;
}
