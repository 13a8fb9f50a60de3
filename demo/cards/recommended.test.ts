import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { weightsRoom } from '../../src/runtime/capability';
import { NANO_BYTES, recommended, wasmRoom, type Here } from './recommended';

const GB = 1e9;
const here = (change: Partial<Here> = {}): Here => ({
  gpu: { room: 4 * GB },
  memory: 8 * GB,
  free: 50 * GB,
  ...change,
});
const words = (change: Partial<Here>) => recommended(here(change))[1]!;

test('a small one for photos, a VLM for words, nano to try', () => {
  expect(recommended(here()).map(({ repo, fit, licence }) => [repo, fit, licence])).toEqual([
    ['google/siglip2-base-patch16-224', 'gpu', 'Apache-2.0'],
    ['Qwen/Qwen3-VL-Embedding-2B', 'gpu', 'Apache-2.0'],
    [null, 'gpu', 'Apache-2.0'],
  ]);
});

test('the VLM is the best that the device supports, by its GPU or else its memory, and by free space', () => {
  expect(words({ gpu: { room: 8 * GB } }).repo).toBe('Qwen/Qwen3-VL-Embedding-8B');
  expect(words({ gpu: { room: 8 * GB }, free: 2 * GB }).repo).toBe('Qwen/Qwen3-VL-Embedding-2B');
  expect(words({ gpu: 'none' })).toMatchObject({ repo: 'Qwen/Qwen3-VL-Embedding-2B', fit: 'cpu' });
  // None is supported: then in parts.
  expect(words({ gpu: { room: 0.5 * GB } })).toMatchObject({ repo: 'Qwen/Qwen3-VL-Embedding-2B', fit: 'parts' });
  expect(words({ gpu: 'none', memory: 1 * GB })).toMatchObject({ fit: 'parts' });
  expect(words({ free: 0.5 * GB })).toMatchObject({ hasSpace: false });
  expect(words({ free: null })).toMatchObject({ hasSpace: null });
  expect(words({ gpu: 'asking' })).toMatchObject({ fit: 'asking' });
});

test('room on the CPU is predicted as `load` decides it, and nano is as large as its files', () => {
  for (const memory of [null, 2 ** 31, 2 ** 35]) {
    expect(wasmRoom(memory)).toBe(weightsRoom({ device: 'wasm', adapter: null, memory }));
  }
  const folder = 'public/models/nano';
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
  expect(Math.abs(NANO_BYTES / bytes - 1)).toBeLessThan(0.01);
});
