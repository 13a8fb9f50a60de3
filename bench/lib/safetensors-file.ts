/** @file Writes safetensors files that are larger than memory. */

import { closeSync, openSync, writeSync } from 'node:fs';
import type { FileDtype, RandomWeights, Spread } from './random-weights';

export interface RandomTensor {
  readonly name: string;
  readonly shape: readonly number[];
  spread: Spread;
}

const CHUNK = 8 * 1024 * 1024;

export function tensorBytes({ shape }: RandomTensor, dtype: FileDtype): number {
  return shape.reduce((product, length) => product * length, 1) * (dtype === 'BF16' ? 2 : 4);
}

/** Streams random tensors into one file. */
export function writeRandomSafetensors(
  path: string,
  tensors: readonly RandomTensor[],
  dtype: FileDtype,
  weights: RandomWeights,
): void {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const tensor of tensors) {
    const end = offset + tensorBytes(tensor, dtype);
    header[tensor.name] = { dtype, shape: tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = JSON.stringify(header);
  const json = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = new Uint8Array(new BigUint64Array([BigInt(json.length)]).buffer);
  const file = openSync(path, 'w');
  try {
    for (const bytes of [length, json]) writeSync(file, bytes);
    const chunk = new Uint8Array(CHUNK);
    for (const tensor of tensors) {
      for (let left = tensorBytes(tensor, dtype); left > 0; left -= CHUNK) {
        const part = chunk.subarray(0, Math.min(left, CHUNK));
        weights.fill(part, dtype, tensor.spread);
        writeSync(file, part);
      }
    }
  } finally {
    closeSync(file);
  }
}
