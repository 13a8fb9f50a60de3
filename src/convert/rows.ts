/** @file Rows of a planned weight, a few megabytes at a time, read one chunk ahead. */

import type { TensorStore } from '../checkpoint/types';
import { CheckpointMismatchError } from '../errors';
import type { PlannedWeight } from '../models/types';

/** Weights per chunk: 8 MiB as float32. Bounds the memory of a conversion whatever the checkpoint's size. */
const CHUNK_WEIGHTS = 2 ** 21;

export interface RowChunk {
  /** Checkpoint tensor that the rows come from. */
  part: string;
  count: number;
  /** // [count, columns] */
  values: Float32Array;
}

/** Numbers of one row as stored; a vector's rows are single numbers. */
export const columnsOf = (weight: PlannedWeight) => weight.shape[1] ?? 1;

/** Rows of the largest chunk. */
export const rowsPerChunk = (weight: PlannedWeight) => {
  const rows = Math.max(1, Math.floor(CHUNK_WEIGHTS / sourceColumns(weight)));
  return Math.min(rows, weight.shape[0]!);
};

/** All rows of a weight in order. `patchArea`: pixels of a patch, for `fold-temporal`. */
export async function* weightRows(
  tensors: TensorStore,
  weight: PlannedWeight,
  { patchArea, signal }: { patchArea: number; signal?: AbortSignal },
): AsyncGenerator<RowChunk> {
  const perChunk = rowsPerChunk(weight);
  const pieces = weight.parts.flatMap((part) => {
    const rows = tensors.info(part)?.shape[0] ?? 0;
    const starts = Array.from({ length: Math.ceil(rows / perChunk) }, (_, i) => i * perChunk);
    return starts.map((first) => ({ part, first, count: Math.min(perChunk, rows - first) }));
  });
  const read = (index: number) => {
    const piece = pieces[index];
    if (!piece) return undefined;
    const chunk = readRows(tensors, weight, piece, { patchArea, signal });
    chunk.catch(() => undefined); // it is awaited below, unless the consumer stops first
    return chunk;
  };
  let next = read(0);
  for (let index = 0; next; index++) {
    signal?.throwIfAborted();
    const chunk: RowChunk = await next;
    next = read(index + 1);
    yield chunk;
  }
}

/** Some rows of one part, transformed, and proved finite. */
export async function readRows(
  tensors: TensorStore,
  weight: PlannedWeight,
  { part, first, count }: { part: string; first: number; count: number },
  { patchArea, signal }: { patchArea: number; signal?: AbortSignal },
): Promise<RowChunk> {
  const read = await tensors.readRows(part, first, count, signal);
  const values = weight.rowTransform === 'fold-temporal' ? foldTemporal(read, patchArea) : read;
  if (values.length !== count * columnsOf(weight)) {
    throw new CheckpointMismatchError(`${part}: rows ${first} to ${first + count} came back with another size.`, { part });
  }
  const bad = firstNonFinite(values);
  if (bad >= 0) {
    const row = first + Math.floor(bad / columnsOf(weight));
    throw new CheckpointMismatchError(`${part} holds ${values[bad]} in row ${row}: the checkpoint is damaged.`, {
      tensor: part,
      row,
    });
  }
  return { part, count, values };
}

/** Numbers of one row in the checkpoint. */
export const sourceColumns = (weight: PlannedWeight) =>
  columnsOf(weight) * (weight.rowTransform === 'fold-temporal' ? 2 : 1);

/** The two temporal slices of a patch kernel added: exact for still images. // [n, C, 2, area] → [n, C, area] */
function foldTemporal(values: Float32Array, area: number): Float32Array {
  const folded = new Float32Array(values.length / 2);
  for (let i = 0; i < folded.length; i++) {
    const at = Math.floor(i / area) * area + i; // 2 * area * slice + pixel
    folded[i] = values[at]! + values[at + area]!;
  }
  return folded;
}

/** Index of the first NaN or infinity, or -1. */
function firstNonFinite(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  return sum === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}
