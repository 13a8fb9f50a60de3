/** @file What LanceDB is asked to do; the package itself is used where it is installed. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { InvalidInputError, UnsupportedError } from '../errors';
import { lanceSink, type Lance } from './lance-sink';

const shape = { columns: ['set', 'text'], dims: 2, provenance: { model: 'm' } };
const row = (i: number) => ({ texts: [`t${i}`, i % 2 ? null : 'x'], vector: Float32Array.of(i, 1) });

/** Databases in memory, by URI. */
function fakeLance(fail?: string) {
  const tables = new Map<string, Record<string, unknown>[]>();
  const calls: string[] = [];
  const lance: Lance = {
    connect: async (uri) => {
      calls.push(`connect ${uri}`);
      return {
        tableNames: async () => [...tables.keys()],
        createTable: async (name, rows) => {
          if (fail) throw new Error(fail);
          calls.push(`create ${name} ${rows.length}`);
          tables.set(name, [...rows]);
          return {
            add: async (more) => {
              calls.push(`add ${more.length}`);
              tables.get(name)!.push(...more);
            },
            close: () => calls.push('close table'),
          };
        },
        dropTable: async (name) => void tables.delete(name),
        close: () => calls.push('close'),
      };
    },
  };
  return { tables, calls, load: async () => lance };
}

const place = { kind: 'lance', database: 's3://bucket/db', table: 'vectors' } as const;

test('rows go in few additions, with the model beside them', async () => {
  const { tables, calls, load } = fakeLance();
  const sink = await lanceSink(place, shape, load);
  for (let i = 0; i < 5000; i++) await sink.write([row(i)]);
  await sink.finish();
  expect(calls).toEqual([
    'connect s3://bucket/db',
    'create vectors 2048',
    'add 2048',
    'add 904',
    'close table',
    'close',
  ]);
  expect(tables.get('vectors')![1]).toEqual({ set: 't1', text: '', model: '{"model":"m"}', vector: [1, 1] });
  await expect(lanceSink(place, shape, load)).rejects.toThrow(InvalidInputError);
});

test('a failure leaves no table', async () => {
  const { tables, load } = fakeLance();
  const sink = await lanceSink(place, shape, load);
  await sink.write(Array.from({ length: 3000 }, (_, i) => row(i)));
  await sink.discard();
  expect(tables.size).toBe(0);
  const failing = await lanceSink(place, shape, fakeLance('disk full').load);
  await failing.write([row(0)]);
  await expect(failing.finish()).rejects.toThrow(/LanceDB took no vectors of 2 dimensions: disk full/);
});

/** What the last test asks besides. */
interface Installed {
  connect(uri: string): Promise<{ openTable(name: string): Promise<{ countRows(): Promise<number> }> }>;
}

const installed = await import('@lancedb/lancedb' as string).then(
  (module) => module as Installed,
  () => null,
);

test.skipIf(installed !== null)('without the package: what to install', async () => {
  await expect(lanceSink(place, shape)).rejects.toThrow(UnsupportedError);
  await expect(lanceSink(place, shape)).rejects.toThrow(/npm install @lancedb\/lancedb/);
});

test.skipIf(installed === null)('with the package: a table that it reads back', async () => {
  const database = await mkdtemp(path.join(tmpdir(), 'lance-'));
  try {
    const sink = await lanceSink({ kind: 'lance', database, table: 'vectors' }, shape);
    await sink.write([row(0), row(1)]);
    await sink.finish();
    const table = await (await installed!.connect(database)).openTable('vectors');
    expect(await table.countRows()).toBe(2);
  } finally {
    await rm(database, { recursive: true });
  }
});
