/** @file What LanceDB is asked to do; the package itself is used where it is installed. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { InvalidInputError, UnsupportedError } from '../../errors';
import { lanceSink, type Lance } from './lance';
import type { SinkPlace } from './places';
import type { Sink, SinkShape, SinkState } from './sink';

const shape: SinkShape = {
  columns: ['set', 'text'].map((name) => ({ name, type: 'string' })),
  ...{ dims: 2, precision: 'float32', several: false, provenance: { model: 'm' } },
};
const row = (i: number) => ({ fields: { set: `t${i}`, text: i % 2 ? null : 'x' }, vectors: [Float32Array.of(i, 1)] });
const opened = (at: SinkPlace & { kind: 'lance' }, state: SinkState | null = null, load?: () => Promise<Lance>) =>
  lanceSink(at, shape, state, { load });

/** Writes everything to the end, as a run does. */
async function finish(sink: Sink): Promise<void> {
  await sink.complete();
  await sink.close();
}

/** Databases in memory, by URI. */
function fakeLance(fail?: string) {
  const versions = new Map<string, Record<string, unknown>[][]>();
  const calls: string[] = [];
  const table = (name: string) => {
    let shown = -1;
    const all = () => versions.get(name)!;
    return {
      add: async (more: Record<string, unknown>[]) => {
        calls.push(`add ${more.length}`);
        all().push([...all().at(-1)!, ...more]);
      },
      version: async () => all().length - 1,
      checkout: async (version: number) => void (shown = version),
      restore: async () => void all().push(all().at(shown)!),
      close: () => calls.push('close table'),
    };
  };
  const lance: Lance = {
    connect: async (uri) => {
      calls.push(`connect ${uri}`);
      return {
        tableNames: async () => [...versions.keys()],
        createTable: async (name, rows) => {
          if (fail) throw new Error(fail);
          calls.push(`create ${name} ${rows.length}`);
          versions.set(name, [[], [...rows]]);
          return table(name);
        },
        openTable: async (name) => table(name),
        dropTable: async (name) => void versions.delete(name),
        close: () => calls.push('close'),
      };
    },
  };
  return { rows: (name: string) => versions.get(name)?.at(-1), calls, load: async () => lance };
}

const place = { kind: 'lance', database: 's3://bucket/db', table: 'vectors' } as const;

test('rows are added in few batches, with the model beside them', async () => {
  const { rows, calls, load } = fakeLance();
  const sink = await opened(place, null, load);
  for (let i = 0; i < 5000; i++) await sink.write([row(i)]);
  await finish(sink);
  expect(calls).toEqual([
    'connect s3://bucket/db',
    'create vectors 2048',
    'add 2048',
    'add 904',
    'close table',
    'close',
  ]);
  expect(rows('vectors')![1]).toEqual({ set: 't1', text: '', model: '{"model":"m"}', vector: [1, 1] });
  await expect(opened(place, null, load)).rejects.toThrow(InvalidInputError);
});

test('a run continues from its last commit: what was added since is removed', async () => {
  const { rows, load } = fakeLance();
  const first = await opened(place, null, load);
  await first.write([row(0), row(1)]);
  const state = await first.commit();
  // killed here, when 2048 of them are in the table
  await first.write(Array.from({ length: 3000 }, (_, i) => row(2 + i)));
  const second = await opened(place, state, load);
  await second.write([row(2), row(3)]);
  await finish(second);
  expect(rows('vectors')!.map(({ set }) => set)).toEqual(['t0', 't1', 't2', 't3']);
});

test('a run that was killed before its first commit starts again', async () => {
  const { rows, load } = fakeLance();
  const first = await opened(place, null, load);
  await first.write(Array.from({ length: 3000 }, (_, i) => row(i)));
  const second = await opened(place, {}, load);
  await second.write([row(7)]);
  await finish(second);
  expect(rows('vectors')!.map(({ set }) => set)).toEqual(['t7']);
});

test('a failure leaves no table', async () => {
  const { rows, load } = fakeLance();
  const sink = await opened(place, null, load);
  await sink.write(Array.from({ length: 3000 }, (_, i) => row(i)));
  await sink.discard();
  expect(rows('vectors')).toBeUndefined();
  const failing = await opened(place, null, fakeLance('disk full').load);
  await failing.write([row(0)]);
  await expect(failing.complete()).rejects.toThrow(/LanceDB did not accept vectors of 2 dimensions: disk full/);
});

test('values that a column of vectors cannot hold are refused by name', async () => {
  const { load } = fakeLance();
  await expect(lanceSink(place, { ...shape, several: true }, null, { load })).rejects.toThrow(
    /Several vectors per input/,
  );
  await expect(lanceSink(place, { ...shape, precision: 'int8' }, null, { load })).rejects.toThrow(/precision int8/);
});

/** Further calls that the last test makes. */
interface Installed {
  connect(uri: string): Promise<{ openTable(name: string): Promise<{ countRows(): Promise<number> }> }>;
}

const installed = await import('@lancedb/lancedb' as string).then(
  (module) => module as Installed,
  () => null,
);

test.skipIf(installed !== null)('without the package: what to install', async () => {
  await expect(opened(place)).rejects.toThrow(UnsupportedError);
  await expect(opened(place)).rejects.toThrow(/npm install @lancedb\/lancedb/);
});

test.skipIf(installed === null)('with the package: a table that it reads back', async () => {
  const database = await mkdtemp(path.join(tmpdir(), 'lance-'));
  try {
    const sink = await opened({ kind: 'lance', database, table: 'vectors' });
    await sink.write([row(0), row(1)]);
    await finish(sink);
    const table = await (await installed!.connect(database)).openTable('vectors');
    expect(await table.countRows()).toBe(2);
  } finally {
    await rm(database, { recursive: true });
  }
});
