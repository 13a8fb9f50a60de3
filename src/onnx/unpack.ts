/** @file Quantized weights as the float32 numbers they stand for, where memory is worth less than time. */

import { BLOCK, dequantizeRow, type BlockRows } from '../bundle/blocks';
import type { StoredTensor } from '../bundle/manifest';

const ALIGNMENT = 64;

/** What a weight file holds, and its bytes. */
export interface Weights {
  tensors: StoredTensor[];
  bytes: Uint8Array;
}

/** Bytes that the quantized matrices among these take as float32. */
export function unpackedBytes(tensors: readonly StoredTensor[]): number {
  return tensors.reduce((sum, { name, shape }) => {
    const [rows, blocks] = shape as [number, number];
    return name.endsWith('.q') ? sum + rows * blocks * BLOCK * 4 : sum;
  }, 0);
}

/**
 * The same weights, quantized matrices as float32: to the last bit what MatMulNBits multiplies with.
 * @param columnsOf of a matrix, without what fills its last block; undefined leaves it as it is
 */
export function unpackWeights({ tensors, bytes }: Weights, columnsOf: (weight: string) => number | undefined): Weights {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const partOf = (name: string) => {
    const tensor = byName.get(name);
    return tensor && bytes.subarray(tensor.offset, tensor.offset + tensor.bytes);
  };
  /** Names of tensors that become one matrix, each with that matrix's name. */
  const unpacked = new Map<string, string>();
  for (const name of byName.keys()) {
    const weight = name.endsWith('.q') ? name.slice(0, -2) : null;
    if (weight === null || columnsOf(weight) === undefined) continue;
    for (const suffix of ['q', 'scale', 'zp']) unpacked.set(`${weight}.${suffix}`, weight);
  }
  const parts: { tensor: Omit<StoredTensor, 'offset'>; bytes: Uint8Array }[] = [];
  for (const tensor of tensors) {
    const weight = unpacked.get(tensor.name);
    if (weight === undefined) {
      parts.push({ tensor, bytes: partOf(tensor.name)! });
    } else if (tensor.name.endsWith('.q')) {
      const [rows, , blockBytes] = tensor.shape as [number, number, number];
      const columns = columnsOf(weight)!;
      const scales = partOf(`${weight}.scale`)!.slice();
      const stored: BlockRows = {
        codes: partOf(tensor.name)!,
        scales: new Uint16Array(scales.buffer),
        zeroPoints: partOf(`${weight}.zp`) ?? null,
      };
      const format = { bits: blockBytes === BLOCK ? 8 : 4, zeroPoints: stored.zeroPoints !== null } as const;
      const values = new Float32Array(rows * columns);
      for (let row = 0; row < rows; row++) dequantizeRow(format, stored, row, columns, values, row * columns);
      const data = new Uint8Array(values.buffer);
      parts.push({ tensor: { name: weight, dtype: 'f32', shape: [rows, columns], bytes: data.length }, bytes: data });
    }
  }
  let end = 0;
  const placed = parts.map(({ tensor, bytes: { length } }) => {
    const offset = end;
    end += Math.ceil(length / ALIGNMENT) * ALIGNMENT;
    return { ...tensor, offset };
  });
  const all = new Uint8Array(end);
  placed.forEach(({ offset }, i) => all.set(parts[i]!.bytes, offset));
  return { tensors: placed, bytes: all };
}
