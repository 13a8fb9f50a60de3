/**
 * @file The statistics that are measured for a bundle's matrices so that they can be rounded better: the interface
 * between runtime and converter.
 */

import { BLOCK } from './blocks';
import { uniforms } from './random';

/** The most columns between which all second moments are computed. */
export const MOMENT_COLUMNS = 256;
/** How many directions stand for those between other columns. */
export const SKETCH_COLUMNS = 64;
const SEED = 20261129;

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
  /** Xᵀ X S for the matrix S of {@link sketchSigns}; null if there is only one group. // [columns, 64] */
  sketch: Float32Array | null;
}

/**
 * Columns of every group but the last, which has the rest: as few groups as possible, and of similar size. Weights that
 * are rounded with one scale are never in two groups.
 */
export function groupWidth(columns: number): number {
  return Math.ceil(columns / Math.ceil(columns / MOMENT_COLUMNS) / BLOCK) * BLOCK;
}

/** The number of columns in each group. */
export function groupSizes(columns: number): number[] {
  const width = groupWidth(columns);
  return Array.from({ length: Math.ceil(columns / width) }, (_, g) => Math.min(width, columns - g * width));
}

/** How many numbers a sketch has. */
export function sketchSize(columns: number): number {
  return groupSizes(columns).length > 1 ? columns * SKETCH_COLUMNS : 0;
}

/** The random signs, always the same, with which a sketch is taken. // [columns, 64] */
export function sketchSigns(columns: number): Float32Array<ArrayBuffer> {
  const random = uniforms(SEED);
  return Float32Array.from({ length: columns * SKETCH_COLUMNS }, () => (random() < 0.5 ? -1 : 1));
}

/** Bytes of the moments of one input. */
export function momentBytes(columns: number): number {
  return 4 * groupSizes(columns).reduce((sum, size) => sum + triangle(size), sketchSize(columns));
}

/** How many numbers a group of so many columns has. */
export function triangle(columns: number): number {
  return (columns * (columns + 1)) / 2;
}
