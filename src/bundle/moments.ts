/**
 * @file The statistics that are measured for a bundle's matrices so that they can be rounded better: the interface
 * between runtime and converter.
 */

/** Columns whose second moments are computed together. */
export const MOMENT_COLUMNS = 128;

/** Second moments of the inputs that some matrices are multiplied with. */
export interface InputMoments {
  /** Names of the matrices. */
  weights: readonly string[];
  columns: number;
  /**
   * Xᵀ X of 128 columns at a time (the last group has the rest): for each group, the rows of the upper triangle one
   * after another.
   */
  groups: Float32Array[];
}

/** The number of columns in each group; the last one has the rest. */
export function groupSizes(columns: number): number[] {
  const count = Math.ceil(columns / MOMENT_COLUMNS);
  return Array.from({ length: count }, (_, g) => Math.min(MOMENT_COLUMNS, columns - g * MOMENT_COLUMNS));
}

/** Bytes of the moments of one input. */
export function momentBytes(columns: number): number {
  return 4 * groupSizes(columns).reduce((sum, size) => sum + triangle(size), 0);
}

/** How many numbers a group of so many columns has. */
export function triangle(columns: number): number {
  return (columns * (columns + 1)) / 2;
}
