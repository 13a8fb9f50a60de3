/** @file Rows of a planned weight, a few megabytes at a time. */

import type { TensorStore } from '../checkpoint/types';
import { CheckpointMismatchError } from '../errors';
import type { PlannedWeight } from '../models';

/** Weights per chunk: 8 MiB as float32. Bounds the memory of a conversion whatever the checkpoint's size. */
const CHUNK_WEIGHTS = 2 ** 21;

/** Rows of a checkpoint tensor. */
export interface RowRange {
  part: string;
  first: number;
  count: number;
}

/** Numbers of one row as stored; a vector's rows are single numbers. */
export const columnsOf = (weight: PlannedWeight) => weight.shape[1] ?? 1;

/** Numbers of one row before a slice takes its columns. */
const wholeColumns = (weight: PlannedWeight) => weight.slice?.of[1] ?? columnsOf(weight);

/** The rows of each part that the weight uses. `rows`: how many the part has, if the weight uses all. */
export function rowsOfPart({ slice }: PlannedWeight, part: number, rows: number): { first: number; last: number } {
  return slice?.rows?.[part] ?? { first: 0, last: rows };
}

/** Takes the columns that the weight uses out of complete rows. // [count, whole] → [count, columns] */
export function ownColumns(weight: PlannedWeight, values: Float32Array): Float32Array {
  const taken = weight.slice?.columns;
  if (!taken) return values;
  const [whole, columns] = [wholeColumns(weight), columnsOf(weight)];
  const own = new Float32Array((values.length / whole) * columns);
  for (let row = 0, at = taken.first; at < values.length; row++, at += whole) {
    own.set(values.subarray(at, at + columns), row * columns);
  }
  return own;
}

/** Rows of the largest chunk. */
export const rowsPerChunk = (weight: PlannedWeight) => {
  const rows = Math.max(1, Math.floor(CHUNK_WEIGHTS / sourceColumns(weight)));
  return Math.min(rows, weight.shape[0]!);
};

/**
 * Some complete rows of one part, transformed, and checked to be finite. // [count, columns before a slice takes its
 * own]
 */
export async function readRows(
  tensors: TensorStore,
  weight: PlannedWeight,
  { part, first, count }: RowRange,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Float32Array> {
  const read = await tensors.readRows(part, first, count, signal);
  const values = weight.rowTransform === 'fold-temporal' ? foldTemporal(read, weight.patchArea!) : read;
  const columns = wholeColumns(weight);
  if (values.length !== count * columns) {
    throw new CheckpointMismatchError(`${part}: rows ${first} to ${first + count} came back with a different size.`, {
      part,
    });
  }
  const bad = firstNonFinite(values);
  if (bad >= 0) {
    const row = first + Math.floor(bad / columns);
    throw new CheckpointMismatchError(`${part} contains ${values[bad]} in row ${row}: the checkpoint is damaged.`, {
      tensor: part,
      row,
    });
  }
  return values;
}

/** Numbers of one row in the checkpoint. */
export const sourceColumns = (weight: PlannedWeight) =>
  wholeColumns(weight) * (weight.rowTransform === 'fold-temporal' ? 2 : 1);

/** The two temporal slices of a patch kernel added: exact for still images. // [n, C, 2, area] → [n, C, area] */
function foldTemporal(values: Float32Array, area: number): Float32Array {
  const folded = new Float32Array(values.length / 2);
  for (let i = 0; i < folded.length; i++) {
    const at = Math.floor(i / area) * area + i; // 2 * area * slice + pixel
    folded[i] = values[at]! + values[at + area]!;
  }
  return folded;
}

/** Index of the first NaN or infinity, or -1: one flipped bit would make every embedding NaN. */
function firstNonFinite(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  return sum === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}
