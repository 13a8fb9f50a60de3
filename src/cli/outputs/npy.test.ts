/** @file `.npy` files equal those of numpy, byte for byte; Parquet holds the same numbers. */

import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openParquet } from '../../eval/parquet';
import { bytesSource } from '../../testing/checkpoint-files';
import { fixtureBytes } from '../../testing/fixtures';
import { openSink, parsePlace, publishPlace } from './places';
import { STORED_PRECISIONS, type StoredPrecision } from './precision';
import type { SinkShape, SinkState } from './sink';

const [ROWS, DIMS, HEADER] = [5, 16, 128];
const numpy = (precision: StoredPrecision) => fixtureBytes(`tables/vectors.${precision}.npy`);
const floats = new Float32Array(numpy('float32').slice(HEADER).buffer); // [ROWS][DIMS]
const rows = Array.from({ length: ROWS }, (_, i) => ({
  fields: { id: `r${i}`, n: i },
  vectors: [floats.slice(i * DIMS, (i + 1) * DIMS)],
}));

let work: string;
beforeAll(async () => void (work = await mkdtemp(path.join(tmpdir(), 'npy-'))));
afterAll(() => rm(work, { recursive: true }));

const shapeOf = (precision: StoredPrecision): SinkShape => ({
  ...{ columns: [{ name: 'id', type: 'string' }], dims: DIMS, precision, several: false, provenance: {} },
});

/** Writes three rows, stops, then writes the rest. */
async function write(name: string, precision: StoredPrecision): Promise<Uint8Array> {
  const place = parsePlace(path.join(work, name));
  let state: SinkState | null = null;
  for (const part of [rows.slice(0, 3), rows.slice(3)]) {
    const sink = await openSink(place, shapeOf(precision), state, false);
    await sink.write(part);
    state = part.length === 3 ? await sink.commit() : await sink.complete();
    await sink.close();
  }
  await publishPlace(place, false);
  return new Uint8Array(await readFile(path.join(work, name)));
}

test.each(STORED_PRECISIONS)('%s: as numpy.save writes it', async (precision) => {
  expect(Buffer.from(await write(`${precision}.npy`, precision)).equals(numpy(precision))).toBe(true);
  const ids = await readFile(path.join(work, `${precision}.ids.jsonl`), 'utf8');
  expect(ids).toBe(rows.map(({ fields }) => `${JSON.stringify(fields)}\n`).join(''));
});

test.each(STORED_PRECISIONS)('%s in Parquet: the numbers of numpy', async (precision) => {
  const table = await openParquet(bytesSource(await write(`${precision}.parquet`, precision)));
  const found = (await table.read(['id', 'embedding'])) as { id: string; embedding: number[] }[];
  expect(found.map(({ id }) => id)).toEqual(rows.map(({ fields }) => fields.id));
  const { buffer } = numpy(precision).slice(HEADER);
  const wanted = {
    float32: () => Array.from(new Float32Array(buffer)),
    float16: () => Array.from(new Uint16Array(buffer), half),
    int8: () => Array.from(new Int8Array(buffer)),
    binary: () => Array.from(new Uint8Array(buffer)),
  }[precision]();
  expect(found.flatMap(({ embedding }) => Array.from(embedding))).toEqual(wanted);
});

/** IEEE 754: 1 bit of sign, 5 of exponent, 10 of fraction. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, (bits & 1023) / 1024];
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}

test('a folder is nothing to write: said before the first row', async () => {
  const place = parsePlace(path.join(work, 'folder.npy'));
  await mkdir(path.join(work, 'folder.npy'));
  await expect(openSink(place, shapeOf('float32'), null, true)).rejects.toThrow(/folder\.npy is a folder/);
});
