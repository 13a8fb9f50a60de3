/** @file Vectors as a table of LanceDB, whose package users install themselves: it is large and native. */

import { InvalidInputError, UnsupportedError, VLM2VecError } from '../errors';
import { missingPackage } from '../missing-package';
import type { SinkPlace, SinkShape, VectorSink } from './vector-sink';

/** What is used of `@lancedb/lancedb`. */
export interface Lance {
  connect(uri: string): Promise<{
    tableNames(): Promise<string[]>;
    createTable(name: string, rows: Record<string, unknown>[], options?: { mode: 'create' }): Promise<LanceTable>;
    dropTable(name: string): Promise<void>;
    close(): void;
  }>;
}

interface LanceTable {
  add(rows: Record<string, unknown>[]): Promise<unknown>;
  close(): void;
}

const PACKAGE = '@lancedb/lancedb';
/** Rows added at once: each addition is a version of the table. */
const BATCH_ROWS = 2048;

async function loadLance(): Promise<Lance> {
  try {
    return (await import(PACKAGE)) as Lance;
  } catch (cause) {
    throw missingPackage(PACKAGE, 'lance', cause);
  }
}

/** A new table; one of that name must not be there yet. */
export async function lanceSink(
  { database, table: name }: SinkPlace & { kind: 'lance' },
  { columns, dims, several = false, provenance }: SinkShape,
  load: () => Promise<Lance> = loadLance,
): Promise<VectorSink> {
  if (several) {
    throw new UnsupportedError('Several vectors per input go into a *.parquet file, not into a table of LanceDB.', {
      place: 'lance',
    });
  }
  const lance = await load();
  const connection = await lance.connect(database).catch((cause: unknown) => {
    throw new InvalidInputError(`The database ${database} cannot be opened: ${reason(cause)}`, { database }, { cause });
  });
  if ((await connection.tableNames()).includes(name)) {
    connection.close();
    throw new InvalidInputError(`The database ${database} has a table ${name} already.`, { database, table: name });
  }
  let table: LanceTable | null = null;
  const model = JSON.stringify(provenance);
  const close = () => {
    table?.close();
    connection.close();
  };
  let waiting: Record<string, unknown>[] = [];
  const flush = async () => {
    if (waiting.length === 0) return;
    try {
      if (table) await table.add(waiting);
      else table = await connection.createTable(name, waiting, { mode: 'create' });
    } catch (cause) {
      throw new VLM2VecError(`LanceDB took no vectors of ${dims} dimensions: ${reason(cause)}`, {}, { cause });
    }
    waiting = [];
  };
  return {
    write: async (rows) => {
      for (const { texts, vector } of rows) {
        const named = Object.fromEntries(columns.map((column, i) => [column, texts[i] ?? '']));
        waiting.push({ ...named, model, vector: Array.from(vector as Float32Array) }); // LanceDB's own name for a column of vectors
        if (waiting.length === BATCH_ROWS) await flush();
      }
    },
    finish: async () => {
      await flush();
      close();
    },
    discard: async () => {
      if (table) await connection.dropTable(name);
      close();
    },
  };
}

const reason = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));
