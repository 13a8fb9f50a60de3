/**
 * @file Rows of a Parquet file, by hyparquet. What is cut short, of another format or claims too much is refused. hyparquet
 * does not bound what a page's header claims: `page-headers.ts` does, before.
 */

import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import type { ByteSource } from '../checkpoint';
import { DatasetFormatError, VLM2VecError } from '../errors';
import { checkPages } from './page-headers';

/** MMEB's largest has 1000 rows. */
const MAX_ROWS = 1_000_000;
/** MMEB's largest table is of some megabytes. */
const MAX_BYTES = 1024 * 1024 * 1024;

export interface Table {
  columns: string[];
  rows: number;
  /** Rows as plain objects of `columns`. Rejects with {@link DatasetFormatError}. */
  read(columns: readonly string[]): Promise<Record<string, unknown>[]>;
}

/** Opens a Parquet file. Rejects with {@link DatasetFormatError} for what is none, or is damaged. */
export async function openParquet(source: ByteSource, signal?: AbortSignal): Promise<Table> {
  const { name, size } = source;
  if (size > MAX_BYTES)
    throw new DatasetFormatError(`${name} has ${size} bytes: too large for a table of MMEB.`, { name });
  if (size < 12) throw new DatasetFormatError(`${name} is no Parquet file: it has ${size} bytes.`, { name });
  const file: AsyncBuffer = {
    byteLength: size,
    slice: async (start, end = size) => {
      const bytes = await source.read(start, end, signal);
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    },
  };
  const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  const metadata = await guarded(name, signal, async () => {
    const read = await parquetMetadataAsync(file, { geoparquet: false });
    return { read, leaves: leavesOf(read), rows: Number(read.num_rows) };
  });
  const { leaves, rows } = metadata;
  if (!(rows >= 0 && rows <= MAX_ROWS)) throw new DatasetFormatError(`${name} claims ${rows} rows.`, { name });
  return {
    columns: [...leaves.keys()],
    rows,
    read: (wanted) =>
      guarded(name, signal, async () => {
        const nested = wanted.find((column) => leaves.get(column) !== 1);
        if (nested !== undefined) throw new Error(`the column ${nested} holds more than one value or list in a row`);
        const { compressors } = await import('hyparquet-compressors');
        await checkPages(file, metadata.read);
        const found: Record<string, unknown>[] = [];
        // One column of one group at a time, and none of several leaves: of several that are damaged hyparquet leaves
        // rejections that nobody handles, which end the process.
        for (const group of metadata.read.row_groups) {
          const part = { ...metadata.read, num_rows: group.num_rows, row_groups: [group] };
          const objects: Record<string, unknown>[] = [];
          for (const column of wanted) {
            const options = { file, metadata: part, columns: [column], compressors, geoparquet: false };
            const values = (await parquetReadObjects(options)) as Record<string, unknown>[];
            values.forEach((value, i) => (objects[i] = { ...objects[i], ...value }));
          }
          for (const object of objects) found.push(object);
        }
        if (found.length !== rows) throw new Error(`${found.length} rows where ${rows} were promised`);
        return found;
      }),
  };
}

/** Columns at the top, with how many columns of values each has below it. */
function leavesOf({ schema }: FileMetaData): Map<string, number> {
  let at = 1;
  const read = (depth: number): { name: string; leaves: number } => {
    if (depth > 32) throw new Error('the schema is nested too deeply');
    const element = schema[at++];
    if (!element) throw new Error('the schema ends early');
    const children = element.num_children ?? 0;
    let leaves = children > 0 ? 0 : 1;
    for (let i = 0; i < children; i++) leaves += read(depth + 1).leaves;
    return { name: element.name, leaves };
  };
  const columns = new Map<string, number>();
  for (let i = 0; i < (schema[0]?.num_children ?? 0); i++) {
    const { name, leaves } = read(0);
    columns.set(name, leaves);
  }
  return columns;
}

/** hyparquet throws whatever its reading past the end of something leads to. */
async function guarded<T>(name: string, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof VLM2VecError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DatasetFormatError(`${name} is no Parquet file, or is damaged: ${reason}.`, { name, reason }, { cause });
  }
}
