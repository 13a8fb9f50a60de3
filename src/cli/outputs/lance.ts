/** @file Writes vectors as a table of LanceDB, whose package users install themselves, since it is large and native. */

import { InvalidInputError, UnsupportedError, VLM2VecError } from '../../errors';
import { missingPackage } from '../../missing-package';
import type { SinkPlace } from './places';
import { onlyVector, type Sink, type SinkShape, type SinkState, type VectorRow } from './sink';

/** The part of `@lancedb/lancedb` that is used. */
export interface Lance {
  connect(uri: string): Promise<{
    tableNames(): Promise<string[]>;
    createTable(name: string, rows: Record<string, unknown>[], options?: { mode: 'create' }): Promise<LanceTable>;
    openTable(name: string): Promise<LanceTable>;
    dropTable(name: string): Promise<void>;
    close(): void;
  }>;
}

interface LanceTable {
  add(rows: Record<string, unknown>[]): Promise<unknown>;
  version(): Promise<number>;
  checkout(version: number): Promise<void>;
  restore(): Promise<void>;
  close(): void;
}

const PACKAGE = '@lancedb/lancedb';
/** Rows added at once, since each addition is a version of the table. */
const BATCH_ROWS = 2048;
/** Seconds between additions in a slow run: less work lost to a kill against fewer versions of the table. */
const SECONDS_BETWEEN = 60;

async function loadLance(): Promise<Lance> {
  try {
    return (await import(PACKAGE)) as Lance;
  } catch (cause) {
    throw missingPackage(PACKAGE, 'Writing to LanceDB needs', cause);
  }
}

/**
 * A new table; there must not be one of that name yet. A resumed run finds the version that it committed, and removes
 * what was added since.
 */
export async function lanceSink(
  { database, table: name }: SinkPlace & { kind: 'lance' },
  { columns, dims, several, precision, provenance }: SinkShape,
  state: SinkState | null,
  { overwrite = false, load = loadLance }: { overwrite?: boolean; load?: () => Promise<Lance> } = {},
): Promise<Sink> {
  if (several || precision !== 'float32') {
    const what = several ? 'Several vectors per input go' : `Vectors of precision ${precision} go`;
    throw new UnsupportedError(`${what} into JSON lines or a *.parquet file, not into a LanceDB table.`, {
      place: 'lance',
    });
  }
  const lance = await load();
  const connection = await lance.connect(database).catch((cause: unknown) => {
    throw new InvalidInputError(`The database ${database} cannot be opened: ${reason(cause)}`, { database }, { cause });
  });
  let table: LanceTable | null = null;
  const close = async () => {
    table?.close();
    connection.close();
  };
  const isThere = (await connection.tableNames()).includes(name);
  if (isThere && state === null && !overwrite) {
    await close();
    throw new InvalidInputError(`The database ${database} already has a table ${name}.`, { database, table: name });
  }
  if ((state?.version ?? 0) > 0) {
    if (!isThere) {
      await close();
      throw new InvalidInputError(`The table ${name} of the unfinished run is gone. Start over with --overwrite.`, {
        table: name,
      });
    }
    table = await connection.openTable(name);
    if ((await table.version()) !== state!.version) {
      await table.checkout(state!.version!);
      await table.restore();
    }
  } else if (isThere) await connection.dropTable(name); // created by a run that ended before it could record it
  const model = JSON.stringify(provenance);
  let waiting: Record<string, unknown>[] = [];
  const flush = async () => {
    if (waiting.length === 0) return;
    try {
      if (table) await table.add(waiting);
      else table = await connection.createTable(name, waiting, { mode: 'create' });
    } catch (cause) {
      throw new VLM2VecError(`LanceDB did not accept vectors of ${dims} dimensions: ${reason(cause)}`, {}, { cause });
    }
    waiting = [];
  };
  const commit = async (): Promise<SinkState> => {
    await flush();
    return { version: table ? await table.version() : 0 };
  };
  return {
    write: async (rows) => {
      for (const row of rows as readonly VectorRow[]) {
        const named = Object.fromEntries(columns.map((column) => [column.name, asColumn(row.fields[column.name])]));
        waiting.push({ ...named, model, vector: Array.from(onlyVector(row)) }); // LanceDB's own name for a column of vectors
        if (waiting.length === BATCH_ROWS) await flush();
      }
    },
    secondsBetween: SECONDS_BETWEEN,
    ...{ commit, complete: commit },
    close,
    discard: async () => {
      if (table) await connection.dropTable(name);
      await close();
    },
  };
}

/** LanceDB cannot infer the type of an empty value. */
function asColumn(value: unknown): unknown {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const reason = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));
