/** @file One weight, streamed row by row from the checkpoint into a stage's file. */

import { fitsHalf, toHalves } from '../bundle/float16';
import type { StoredTensor } from '../bundle/manifest';
import type { TensorStore } from '../checkpoint/types';
import { UnsupportedError } from '../errors';
import type { PlannedWeight } from '../models/types';
import { allocateRows, BlockQuantizer, rowSizes, type BlockFormat } from '../onnx/quantize';
import type { HashedFile } from './hashed-file';
import { align, tensorsOf, type WeightLayout } from './layout';
import { columnsOf, rowsPerChunk, weightRows, type RowChunk } from './rows';

export interface WriteOptions {
  patchArea: number;
  signal?: AbortSignal;
  /** Called as bytes are written. */
  onBytes?: (count: number) => void;
}

/** Appends a weight to the file. Returns its tensors with their places. */
export async function writeWeight(
  file: HashedFile,
  tensors: TensorStore,
  weight: PlannedWeight,
  layout: WeightLayout,
  options: WriteOptions,
): Promise<StoredTensor[]> {
  const chunks = weightRows(tensors, weight, options);
  const write = async (bytes: Uint8Array) => {
    await file.write(bytes);
    options.onBytes?.(bytes.length);
  };
  const placed: StoredTensor[] = [];
  const place = async (index: number) => {
    await file.padTo(align(file.position));
    placed.push({ ...tensorsOf(weight, layout)[index]!, offset: file.position });
  };

  await place(0);
  if (layout === 'f32') {
    for await (const { values } of chunks) await write(bytesOf(values));
    return placed;
  }
  if (layout === 'f16') {
    const halves = new Uint16Array(rowsPerChunk(weight) * columnsOf(weight)); // one buffer for all chunks
    for await (const chunk of chunks) await write(halfBytes(chunk, halves));
    return placed;
  }
  const { scales, zeroPoints } = await writeCodes(chunks, weight, layout, write);
  await place(1);
  await write(bytesOf(scales));
  if (zeroPoints) {
    await place(2);
    await write(zeroPoints);
  }
  return placed;
}

/** Writes the codes; scales and zero points (an eighth of them) are kept until the codes are out. */
async function writeCodes(
  chunks: AsyncIterable<RowChunk>,
  weight: PlannedWeight,
  format: BlockFormat,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<{ scales: Uint16Array; zeroPoints: Uint8Array | null }> {
  const columns = columnsOf(weight);
  const sizes = rowSizes(format, columns);
  const quantizer = new BlockQuantizer(format);
  const all = {
    scales: new Uint16Array((weight.shape[0]! * sizes.scales) / 2),
    zeroPoints: format.zeroPoints ? new Uint8Array(weight.shape[0]! * sizes.zeroPoints) : null,
  };
  const rows = allocateRows(format, rowsPerChunk(weight), columns); // used again for every chunk
  let row = 0;
  for await (const { part, count, values } of chunks) {
    naming(part, () => {
      for (let r = 0; r < count; r++) quantizer.quantizeRow(values, r * columns, columns, rows, r);
    });
    all.scales.set(rows.scales.subarray(0, (count * sizes.scales) / 2), (row * sizes.scales) / 2);
    all.zeroPoints?.set(rows.zeroPoints!.subarray(0, count * sizes.zeroPoints), row * sizes.zeroPoints);
    await write(rows.codes.subarray(0, count * sizes.codes));
    row += count;
  }
  return all;
}

function halfBytes({ part, values }: RowChunk, halves: Uint16Array): Uint8Array {
  naming(part, () => {
    if (!fitsHalf(values)) throw new RangeError('A weight exceeds half precision.');
  });
  return bytesOf(toHalves(values, halves).subarray(0, values.length));
}

/** Turns an encoder's RangeError into an error that names the tensor. */
export function naming(part: string, encode: () => void): void {
  try {
    encode();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const message = `${part} holds weights too large for this dtype. Convert with --dtype fp32.`;
    throw new UnsupportedError(message, { tensor: part }, { cause });
  }
}

function bytesOf(array: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
