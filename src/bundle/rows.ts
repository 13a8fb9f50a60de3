/**
 * @file The token-embedding table in storage: rows of one fixed length, so that the runtime reads the few rows a prompt
 * needs. All numbers little-endian. A row of `columns` weights, `blocks` = ceil(columns / 32):
 *
 *   fp32  columns × float32
 *   fp16  columns × float16
 *   q8    blocks × float16 scale, blocks × 32 codes of a byte              (zero at 128)
 *   q4    blocks × float16 scale, ceil(blocks / 2) bytes of zero points, blocks × 16 bytes of codes
 *
 * Codes and zero points are packed as in {@link ./blocks}, which also says what they mean.
 */

import { allocateRows, BlockQuantizer, dequantizeRow, rowSizes, type BlockFormat, type BlockRows } from './blocks';
import { fitsHalf, fromHalves, toHalves } from './float16';
import type { EmbeddingTable, WeightDtype } from './manifest';

const FORMATS: Record<'q8' | 'q4', BlockFormat> = {
  q8: { bits: 8, zeroPoints: false },
  q4: { bits: 4, zeroPoints: true },
};

/** The bytes that one stored row takes. */
export function rowBytes(dtype: WeightDtype, columns: number): number {
  if (dtype === 'fp32') return columns * 4;
  if (dtype === 'fp16') return columns * 2;
  const sizes = rowSizes(FORMATS[dtype], columns);
  return sizes.codes + sizes.scales + sizes.zeroPoints;
}

/**
 * Makes an encoder of rows. It turns `columns` weights of `values` from `start` on into {@link rowBytes} bytes of `out`
 * at `offset`, and returns the squared error.
 * @throws RangeError if a weight is NaN or too large for the format.
 */
export function rowEncoder(
  dtype: WeightDtype,
  columns: number,
): (values: Float32Array, start: number, out: Uint8Array, offset: number) => number {
  if (dtype === 'fp32') {
    return (values, start, out, offset) => {
      out.set(bytesOf(values, start, columns), offset);
      return 0;
    };
  }
  if (dtype === 'fp16') {
    const halves = new Uint16Array(columns);
    const widened = new Float32Array(columns);
    return (values, start, out, offset) => {
      const row = values.subarray(start, start + columns);
      if (!fitsHalf(row)) throw new RangeError('A weight exceeds half precision.');
      toHalves(row, halves);
      out.set(new Uint8Array(halves.buffer), offset);
      fromHalves(halves, widened);
      return row.reduce((sum, value, i) => sum + (value - widened[i]!) ** 2, 0);
    };
  }
  const format = FORMATS[dtype];
  const sizes = rowSizes(format, columns);
  const quantizer = new BlockQuantizer(format);
  const row = allocateRows(format, 1, columns);
  return (values, start, out, offset) => {
    const error = quantizer.quantizeRow(values, start, columns, row, 0);
    out.set(new Uint8Array(row.scales.buffer), offset);
    if (row.zeroPoints) out.set(row.zeroPoints, offset + sizes.scales);
    out.set(row.codes, offset + sizes.scales + sizes.zeroPoints);
    return error;
  };
}

/** Encodes one row. // values [columns] */
export function encodeRow(dtype: WeightDtype, values: Float32Array): Uint8Array {
  const out = new Uint8Array(rowBytes(dtype, values.length));
  rowEncoder(dtype, values.length)(values, 0, out, 0);
  return out;
}

/** Widens one stored row of `table` into `out` (at least `table.columns` long). `bytes`: `table.rowBytes` of them. */
export function decodeRow(
  table: Pick<EmbeddingTable, 'dtype' | 'columns'>,
  bytes: Uint8Array,
  out: Float32Array,
): Float32Array {
  const { dtype, columns } = table;
  if (bytes.length !== rowBytes(dtype, columns)) {
    throw new RangeError(
      `A ${dtype} row of ${columns} weights has ${rowBytes(dtype, columns)} bytes, not ${bytes.length}.`,
    );
  }
  const own = new Uint8Array(bytes); // a copy, aligned at 0
  if (dtype === 'fp32') {
    out.set(new Float32Array(own.buffer));
    return out;
  }
  if (dtype === 'fp16') return fromHalves(new Uint16Array(own.buffer), out);
  const format = FORMATS[dtype];
  const sizes = rowSizes(format, columns);
  const stored: BlockRows = {
    scales: new Uint16Array(own.buffer, 0, sizes.scales / 2),
    zeroPoints: format.zeroPoints ? own.subarray(sizes.scales, sizes.scales + sizes.zeroPoints) : null,
    codes: own.subarray(sizes.scales + sizes.zeroPoints),
  };
  dequantizeRow(format, stored, 0, columns, out);
  return out;
}

function bytesOf(values: Float32Array, start: number, count: number): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset + start * 4, count * 4);
}
