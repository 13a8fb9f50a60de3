/** @file Pillow's two passes in plain JavaScript: where there is no SIMD, and what that is compared with. */

import type { RgbImage } from '../types';
import { PRECISION_BITS, type Passes, type Taps } from './taps';

/** Half a unit, so that the shift rounds. */
const HALF = 1 << (PRECISION_BITS - 1);

/** Rows `firstRow … firstRow+rows-1` of `image`, resampled along their length. // [rows, width, 3] */
function resampleRows(image: RgbImage, taps: Taps, firstRow: number, rows: number): Uint8ClampedArray {
  const { first, count, weights, stride } = taps;
  const width = first.length;
  const source = image.data;
  // The clamped array does Pillow's clip8: every value stored is an integer.
  const result = new Uint8ClampedArray(rows * width * 3);
  let target = 0;
  for (let y = 0; y < rows; y++) {
    const rowStart = (firstRow + y) * image.width * 3;
    for (let x = 0; x < width; x++) {
      let at = rowStart + first[x]! * 3;
      let tap = x * stride;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (const end = tap + count[x]!; tap < end; tap++, at += 3) {
        const weight = weights[tap]!;
        red = (red + Math.imul(source[at]!, weight)) | 0;
        green = (green + Math.imul(source[at + 1]!, weight)) | 0;
        blue = (blue + Math.imul(source[at + 2]!, weight)) | 0;
      }
      result[target] = red >> PRECISION_BITS;
      result[target + 1] = green >> PRECISION_BITS;
      result[target + 2] = blue >> PRECISION_BITS;
      target += 3;
    }
  }
  return result;
}

/**
 * Columns resampled: `source` holds rows from `firstRow` on, each of `rowLength` values. // [height, rowLength]
 * Accumulates whole rows at a time, so that memory is read in order.
 */
function resampleColumns(source: Uint8Array | Uint8ClampedArray, rowLength: number, firstRow: number, taps: Taps) {
  const height = taps.first.length;
  const result = new Uint8ClampedArray(height * rowLength);
  const sums = new Int32Array(rowLength);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    const count = taps.count[y]!;
    for (let i = 0; i < count; i++) {
      const weight = taps.weights[y * taps.stride + i]!;
      const start = (taps.first[y]! - firstRow + i) * rowLength;
      for (let x = 0; x < rowLength; x++) sums[x] = sums[x]! + Math.imul(source[start + x]!, weight);
    }
    const start = y * rowLength;
    for (let x = 0; x < rowLength; x++) result[start + x] = sums[x]! >> PRECISION_BITS;
  }
  return result;
}

const bytes = (clamped: Uint8ClampedArray) => new Uint8Array(clamped.buffer, clamped.byteOffset, clamped.length);

/** The pixels after both passes. // [height, width, 3] */
export function resampleScalar(image: RgbImage, { horizontal, vertical }: Passes): Uint8Array {
  if (vertical === null) {
    return horizontal === null ? image.data.slice() : bytes(resampleRows(image, horizontal, 0, image.height));
  }
  if (horizontal === null) return bytes(resampleColumns(image.data, image.width * 3, 0, vertical));
  const last = vertical.first.length - 1;
  const firstRow = vertical.first[0]!;
  const rows = vertical.first[last]! + vertical.count[last]! - firstRow;
  return bytes(
    resampleColumns(resampleRows(image, horizontal, firstRow, rows), horizontal.first.length * 3, firstRow, vertical),
  );
}
