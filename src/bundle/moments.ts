/**
 * @file The statistics that are measured for a bundle's matrices so that they can be rounded better: the interface
 * between runtime and converter.
 */

/**
 * The most columns whose second moments are computed together. On a trained text model of 384 and 1,536 columns (MiniLM),
 * groups of 128 save half of what whole rows do, and groups of 512 nearly all of it: docs/precision.md.
 */
export const MOMENT_COLUMNS = 512;
/** Weights that are rounded with one scale, which are never in two groups. */
const BLOCK = 32;

/** Second moments of the inputs that some matrices are multiplied with. */
export interface InputMoments {
  /** Names of the matrices. */
  weights: readonly string[];
  columns: number;
  /**
   * Xᵀ X, a group of neighbouring columns at a time ({@link groupSizes}): for each, the rows of the upper triangle one
   * after another.
   */
  groups: Float32Array[];
}

/** Columns of every group but the last, which has the rest: as few groups as possible, and of similar size. */
export function groupWidth(columns: number): number {
  return Math.ceil(columns / Math.ceil(columns / MOMENT_COLUMNS) / BLOCK) * BLOCK;
}

/** The number of columns in each group. */
export function groupSizes(columns: number): number[] {
  const width = groupWidth(columns);
  return Array.from({ length: Math.ceil(columns / width) }, (_, g) => Math.min(width, columns - g * width));
}

/** Bytes of the moments of one input. */
export function momentBytes(columns: number): number {
  return 4 * groupSizes(columns).reduce((sum, size) => sum + triangle(size), 0);
}

/** How many numbers a group of so many columns has. */
export function triangle(columns: number): number {
  return (columns * (columns + 1)) / 2;
}
