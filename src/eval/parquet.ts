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
    return { read, columns: columnsOf(read), rows: Number(read.num_rows) };
  });
  const { columns, rows } = metadata;
  if (!(rows >= 0 && rows <= MAX_ROWS)) throw new DatasetFormatError(`${name} claims ${rows} rows.`, { name });
  return {
    columns,
    rows,
    read: (wanted) =>
      guarded(name, signal, async () => {
        const { compressors } = await import('hyparquet-compressors');
        await checkPages(file, metadata.read);
        const found: Record<string, unknown>[] = [];
        // One column of one group at a time: of several that are damaged hyparquet leaves rejections that nobody handles,
        // which end the process.
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

/** Names of the columns at the top. */
function columnsOf({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  const root = schema[0];
  let at = 1;
  const skip = (children: number | undefined, depth: number): void => {
    if (depth > 32) throw new Error('the schema is nested too deeply');
    for (let i = 0; i < (children ?? 0); i++) {
      const element = schema[at++];
      if (!element) throw new Error('the schema ends early');
      if (depth === 0) names.push(element.name);
      skip(element.num_children, depth + 1);
    }
  };
  skip(root?.num_children, 0);
  return names;
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
