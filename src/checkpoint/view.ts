/** @file A tensor inside a file, whose rows are read as float32, a bounded piece at a time. */

import { CheckpointFormatError, UnsupportedError } from '../errors';
import { DTYPE_BYTES, decodeInto } from './dtype';
import { quote, showShape } from './quote';
import type { ByteSource, TensorDtype } from './types';

/** Where a tensor lies. All numbers were checked against the file before a view is made. */
export interface TensorView {
  /** As the file spells it. */
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  /** In elements, one per axis; null if row-major without gaps. */
  readonly strides: readonly number[] | null;
  readonly source: ByteSource;
  /** Byte offset of the first element in {@link source}. */
  readonly start: number;
}

/** No single read of a contiguous tensor is longer, whatever the caller asks for. */
const PIECE_BYTES = 16 * 1024 * 1024;
/** A strided tensor is gathered from the whole span that its rows cover; a longer span is refused. */
const MAX_STRIDED_SPAN = 128 * 1024 * 1024;

/** Rows of a tensor and elements per row; a vector has rows of one element, a scalar is one row. */
export function rowsAndColumns(shape: readonly number[]): { rows: number; columns: number } {
  let columns = 1;
  for (let axis = 1; axis < shape.length; axis++) columns *= shape[axis]!;
  return { rows: shape[0] ?? 1, columns };
}

/** Rows `first … first+count-1`, widened to float32. // [count, columns] */
export async function readViewRows(
  view: TensorView,
  first: number,
  count: number,
  signal?: AbortSignal,
): Promise<Float32Array> {
  signal?.throwIfAborted();
  const { rows, columns } = rowsAndColumns(view.shape);
  if (!Number.isInteger(first) || !Number.isInteger(count) || first < 0 || count < 0 || first + count > rows) {
    throw new RangeError(`rows ${first}…${first + count} of ${quote(view.name)} ${showShape(view.shape)}`);
  }
  const out = new Float32Array(count * columns);
  if (out.length === 0) return out;
  if (view.strides) {
    await gather(view, view.strides, first, count, out, signal);
    return out;
  }
  const size = DTYPE_BYTES[view.dtype];
  const step = PIECE_BYTES / size;
  const begin = view.start + first * columns * size;
  for (let at = 0; at < out.length; at += step) {
    const end = Math.min(at + step, out.length);
    const bytes = await view.source.read(begin + at * size, begin + end * size, signal);
    signal?.throwIfAborted();
    decodeInto(bytes, view.dtype, out, at);
  }
  return out;
}

async function gather(
  view: TensorView,
  strides: readonly number[],
  first: number,
  count: number,
  out: Float32Array,
  signal?: AbortSignal,
): Promise<void> {
  const size = DTYPE_BYTES[view.dtype];
  const shape = view.shape.slice();
  if (shape.length > 0) shape[0] = count;
  const begin = first * (strides[0] ?? 0); // elements
  let span = 1;
  for (const [axis, length] of shape.entries()) span += (length - 1) * strides[axis]!;
  if (span * size > MAX_STRIDED_SPAN) {
    throw new UnsupportedError(
      `${view.source.name}: ${quote(view.name)} ${showShape(view.shape)} is not contiguous and too large to gather;` +
        ' save it again with .contiguous()',
      { tensor: view.name },
    );
  }
  const from = view.start + begin * size;
  const bytes = await view.source.read(from, from + span * size, signal);
  signal?.throwIfAborted();
  const elements = new Float32Array(span);
  decodeInto(bytes, view.dtype, elements, 0);
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0, at = 0; i < out.length; i++) {
    out[i] = elements[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
}

/** Product of `shape`; throws if it, or one of its axes, is not an exact integer. */
export function checkedElements(shape: readonly number[], where: string): number {
  let product = 1;
  for (const length of shape) {
    if (!Number.isSafeInteger(length) || length < 0 || length > MAX_AXIS) {
      throw new CheckpointFormatError(`${where}: the shape ${showShape(shape)} has an impossible axis`);
    }
    product *= length;
    if (!Number.isSafeInteger(product)) {
      throw new CheckpointFormatError(`${where}: the shape ${showShape(shape)} is too large`);
    }
  }
  return product;
}

/** The longest axis of a real model is a vocabulary, about 10^5. */
const MAX_AXIS = 2 ** 32;
/** Real weights have at most five axes. */
export const MAX_RANK = 8;
/** Real checkpoints have about 10^3. */
export const MAX_TENSORS = 100_000;
