import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EmbeddingTable } from '../bundle/manifest';
import { rowBytes, rowEncoder } from '../bundle/rows';
import { TokenRows } from './token-rows';

const COLUMNS = 32;
const ROWS = 4000;

function table() {
  const stored = rowBytes('fp32', COLUMNS);
  const bytes = new Uint8Array(ROWS * stored);
  const values = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => Math.sin(i));
  const encode = rowEncoder('fp32', COLUMNS);
  for (let row = 0; row < ROWS; row++) encode(values, row * COLUMNS, bytes, row * stored);
  const entry = { rows: ROWS, columns: COLUMNS, dtype: 'fp32', rowBytes: stored } as EmbeddingTable;
  const reads: [number, number][] = [];
  const file = {
    read: async (start: number, end: number) => {
      reads.push([start / stored, end / stored]);
      return bytes.subarray(start, end);
    },
  };
  const row = (id: number) => [...values.subarray(id * COLUMNS, (id + 1) * COLUMNS)];
  return { entry, file, reads, row };
}

test('gives the rows in the order of the ids, whatever was cached or read together', async () => {
  const { entry, file, row } = table();
  const rows = new TokenRows(file, entry, 20 * 4 * COLUMNS);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 0, max: ROWS - 1 }), { maxLength: 40 }), async (ids) => {
      expect([...(await rows.gather(ids))]).toEqual(ids.flatMap(row));
    }),
  );
});

test('neighbouring rows are read together, distant ones separately, known ones not at all', async () => {
  const { entry, file, reads } = table();
  const rows = new TokenRows(file, entry);
  await rows.gather([9, 5, 3000, 7]);
  expect(reads).toEqual([
    [5, 10],
    [3000, 3001],
  ]);
  await rows.gather([7, 3000, 5]);
  expect(reads).toHaveLength(2);
});

test('the least recently used row is forgotten first', async () => {
  const { entry, file, reads } = table();
  const rows = new TokenRows(file, entry, 2 * 4 * COLUMNS);
  await rows.gather([0]);
  await rows.gather([1000]);
  await rows.gather([0]);
  await rows.gather([2000]);
  reads.length = 0;
  await rows.gather([0]);
  expect(reads).toEqual([]);
  await rows.gather([1000]);
  expect(reads).toEqual([[1000, 1001]]);
});
