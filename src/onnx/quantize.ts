/**
 * @file Block-quantized matrices as ONNX Runtime's MatMulNBits takes them (block 32): which initializers there are,
 * rows into them, and the error that remains. The block arithmetic itself, and its exact inverse, is `bundle/blocks`.
 */

import {
  allocateRows,
  BLOCK,
  BlockQuantizer,
  dequantizeRow,
  rowSizes,
  type BlockFormat,
  type BlockRows,
} from '../bundle/blocks';
import type { StoredTensor } from '../bundle/manifest';

export { allocateRows, BLOCK, BlockQuantizer, dequantizeRow, rowSizes, type BlockFormat, type BlockRows };

/** The initializers of a quantized matrix `name` [rows, columns], in the order in which they are stored. */
export function quantizedTensors(
  name: string,
  format: BlockFormat,
  rows: number,
  columns: number,
): Omit<StoredTensor, 'offset'>[] {
  const blocks = Math.ceil(columns / BLOCK);
  const sizes = rowSizes(format, columns);
  const tensors: Omit<StoredTensor, 'offset'>[] = [
    { name: `${name}.q`, dtype: 'u8', shape: [rows, blocks, sizes.codes / blocks], bytes: rows * sizes.codes },
    { name: `${name}.scale`, dtype: 'f16', shape: [rows, blocks], bytes: rows * sizes.scales },
  ];
  if (format.zeroPoints) {
    tensors.push({ name: `${name}.zp`, dtype: 'u8', shape: [rows, sizes.zeroPoints], bytes: rows * sizes.zeroPoints });
  }
  return tensors;
}

/**
 * Squared error and squared norm of `values` [rows, columns] in a format.
 * `search: false` measures the plain min/max scale.
 */
export function quantizationError(
  values: Float32Array,
  columns: number,
  format: BlockFormat,
  { search = true }: { search?: boolean } = {},
): { error: number; norm: number } {
  const quantizer = new BlockQuantizer(format, { search });
  const scratch = allocateRows(format, 1, columns);
  let error = 0;
  for (let start = 0; start < values.length; start += columns) {
    error += quantizer.quantizeRow(values, start, columns, scratch, 0);
  }
  let norm = 0;
  for (let i = 0; i < values.length; i++) norm += values[i]! * values[i]!;
  return { error, norm };
}
