/**
 * @file Checkpoints whose weights are drawn by a formula that the oracles know too (`reference/backbones/drawn.py`), so that
 * any number of seeds and layouts takes no room in the repository.
 */

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { safetensors, type PlainTensor } from './checkpoint-files';

/** Names with shapes, and the SHA-256 of all numbers in bf16, by name. */
export interface DrawnWeights {
  seed: number;
  tensors: Record<string, number[]>;
  sha256: string;
}

/** A whole number from -128 to 127 for each index. // [count] */
function integers(name: string, count: number, seed: number): Int32Array {
  const key = crc32(name) ^ Math.imul(seed, 0x9e3779b1);
  const result = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    let x = (Math.imul(i, 0x9e3779b9) + key) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
    x ^= x >>> 16;
    result[i] = (x >>> 24) - 128;
  }
  return result;
}

/** What a drawn number becomes: always one that bf16 holds exactly. */
function valueOf(name: string, shape: readonly number[]): (drawn: number) => number {
  if (shape.length === 1 && name.includes('norm') && name.endsWith('weight')) return (n) => 1 + Math.floor(n / 4) / 128;
  if (shape.length < 2 || name.includes('position_embedding') || name.includes('_GN')) return (n) => n / 512;
  if (/embed_tokens|lm_head|token_embedding|probe$/.test(name)) return (n) => n / 128;
  const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
  const divisor = 2 ** Math.floor(Math.log2(74 * Math.sqrt(fanIn)) + 0.5);
  return (n) => n / divisor;
}

function draw(name: string, shape: number[], seed: number): PlainTensor {
  const count = shape.reduce((a, b) => a * b, 1);
  const value = valueOf(name, shape);
  const numbers = Float32Array.from(integers(name, count, seed), value);
  const upper = new Uint16Array(count);
  new Uint32Array(numbers.buffer).forEach((bits, i) => (upper[i] = bits >>> 16));
  return { dtype: 'BF16', shape, bytes: new Uint8Array(upper.buffer) };
}

/** By name, proved to be the oracle's. */
export function drawnTensors({ seed, tensors, sha256 }: DrawnWeights): Record<string, PlainTensor> {
  const drawn = Object.entries(tensors).map(([name, shape]) => [name, draw(name, shape, seed)] as const);
  const hash = createHash('sha256');
  for (const [, { bytes }] of drawn) hash.update(bytes);
  if (hash.digest('hex') !== sha256) throw new Error('The drawn weights are not the oracle’s.');
  return Object.fromEntries(drawn);
}

/** A safetensors file of them under other names; a name that becomes undefined is left out. */
export function drawnFile(
  tensors: Record<string, PlainTensor>,
  rename: (name: string) => string | undefined = (name) => name,
): Uint8Array {
  const named = Object.entries(tensors).flatMap(([name, tensor]) => {
    const other = rename(name);
    return other === undefined ? [] : [[other, tensor] as const];
  });
  return safetensors(Object.fromEntries(named));
}
