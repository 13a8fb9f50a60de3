/**
 * @file Reads the rows of a Parquet file with hyparquet. Files that are truncated, of another format, or claim too much
 * are refused. hyparquet does not check what a page's header claims; `page-headers.ts` does so first.
 */

import type { AsyncBuffer, FileMetaData, SchemaElement } from 'hyparquet';
import type { ByteSource } from '../checkpoint';
import { DatasetFormatError, VLM2VecError } from '../errors';
import { checkPages } from './page-headers';

/** The limits of a table: MMEB's largest has 1000 rows and a few megabytes. */
const MMEB_LIMITS = { rows: 1_000_000, bytes: 1024 * 1024 * 1024 };

/**
 * The type of a column's values; `bytes` may be text that its writer did not mark as such, `other` is nested or rare.
 */
export type ColumnKind = 'text' | 'bytes' | 'integer' | 'number' | 'boolean' | 'other';

export interface Table {
  columns: string[];
  kinds: ReadonlyMap<string, ColumnKind>;
  rows: number;
  /** Rows as plain objects of `columns`. Rejects with {@link DatasetFormatError}. */
  read(columns: readonly string[]): Promise<Record<string, unknown>[]>;
  /**
   * The same, one row group at a time, for columns of any form: structs are objects, lists arrays. Bytes stay bytes,
   * unless they are marked as text.
   */
  groups(columns: readonly string[]): AsyncGenerator<Record<string, unknown>[]>;
  /** One row group of them. */
  group(index: number, columns: readonly string[]): Promise<Record<string, unknown>[]>;
}

/** Opens a Parquet file. Rejects with {@link DatasetFormatError} if it is not one, or is damaged. */
export async function openParquet(source: ByteSource, signal?: AbortSignal, limits = MMEB_LIMITS): Promise<Table> {
  const { name, size } = source;
  if (size > limits.bytes)
    throw new DatasetFormatError(`${name} has ${size} bytes: too large for an MMEB table.`, { name });
  if (size < 12) throw new DatasetFormatError(`${name} is not a Parquet file: it has ${size} bytes.`, { name });
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
  if (!(rows >= 0 && rows <= limits.rows)) throw new DatasetFormatError(`${name} claims ${rows} rows.`, { name });
  const { schema } = metadata.read;
  const group = (i: number, wanted: readonly string[]) =>
    guarded(name, signal, async () => {
      const { compressors } = await import('hyparquet-compressors');
      const count = Number(metadata.read.row_groups[i]!.num_rows);
      const objects: Record<string, unknown>[] = [];
      for (const column of wanted) {
        for (const path of leaves.get(column) ?? []) {
          const part = oneLeaf(metadata.read, i, path);
          await checkPages(file, part);
          const options = { file, metadata: part, columns: [column], compressors, geoparquet: false, utf8: false };
          const values = (await parquetReadObjects(options)) as Record<string, unknown>[];
          if (values.length !== count) throw new Error(`${values.length} rows instead of the declared ${count}`);
          values.forEach((value, row) => (objects[row] = merged(objects[row] ?? {}, value) as Record<string, unknown>));
        }
      }
      return objects;
    });
  return {
    columns: [...leaves.keys()],
    kinds: new Map([...leaves].map(([column, paths]) => [column, kindOf(paths, schema)])),
    rows,
    read: (wanted) =>
      guarded(name, signal, async () => {
        const nested = wanted.find((column) => leaves.get(column)?.length !== 1);
        if (nested !== undefined) throw new Error(`the column ${nested} has more than one value or list in a row`);
        const { compressors } = await import('hyparquet-compressors');
        await checkPages(file, metadata.read);
        const found: Record<string, unknown>[] = [];
        // One column of one group at a time, and none with several leaves: if several are damaged, hyparquet leaves
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
        if (found.length !== rows) throw new Error(`${found.length} rows instead of the declared ${rows}`);
        return found;
      }),
    async *groups(wanted) {
      for (let i = 0; i < metadata.read.row_groups.length; i++) yield await group(i, wanted);
    },
    group,
  };
}

/**
 * Columns at the top, with the columns of values below each: the positions in the schema of all elements on the path,
 * leaf last.
 */
function leavesOf({ schema }: FileMetaData): Map<string, number[][]> {
  let at = 1;
  const read = (above: readonly number[]): number[][] => {
    if (above.length > 32) throw new Error('the schema is nested too deeply');
    const element = schema[at];
    if (!element) throw new Error('the schema ends early');
    const path = [...above, at++];
    const children = element.num_children ?? 0;
    if (children === 0) return [path];
    const leaves: number[][] = [];
    for (let i = 0; i < children; i++) leaves.push(...read(path));
    return leaves;
  };
  const columns = new Map<string, number[][]>();
  for (let i = 0; i < (schema[0]?.num_children ?? 0); i++) {
    const name = schema[at]?.name ?? '';
    if (columns.has(name)) throw new Error(`it has two columns "${name}"`);
    columns.set(name, read([]));
  }
  return columns;
}

function kindOf(paths: readonly number[][], schema: readonly SchemaElement[]): ColumnKind {
  const [path] = paths;
  if (paths.length !== 1 || path?.length !== 1) return 'other';
  const { type, converted_type: converted, logical_type: logical, repetition_type: repetition } = schema[path[0]!]!;
  if (repetition === 'REPEATED') return 'other';
  if (converted === 'UTF8' || logical?.type === 'STRING') return 'text';
  if (converted === 'DECIMAL' || /^(?:DATE|TIME|INTERVAL)/.test(`${converted ?? ''}${logical?.type ?? ''}`))
    return 'other';
  if (type === 'INT32' || type === 'INT64') return 'integer';
  if (type === 'FLOAT' || type === 'DOUBLE') return 'number';
  if (type === 'BOOLEAN') return 'boolean';
  return type === 'BYTE_ARRAY' && logical === undefined && converted === undefined ? 'bytes' : 'other';
}

/** The file, as if it held one row group with one column of values. */
function oneLeaf(metadata: FileMetaData, group: number, path: readonly number[]): FileMetaData {
  const { schema, row_groups: groups } = metadata;
  const elements = path.map((at, depth) =>
    depth === path.length - 1 ? schema[at]! : { ...schema[at]!, num_children: 1 },
  );
  const names = elements.map(({ name }) => name).join('\0');
  const rowGroup = groups[group]!;
  const columns = rowGroup.columns.filter(({ meta_data: column }) => column?.path_in_schema.join('\0') === names);
  return {
    ...metadata,
    schema: [{ ...schema[0]!, num_children: 1 }, ...elements],
    num_rows: rowGroup.num_rows,
    row_groups: [{ ...rowGroup, columns }],
  };
}

/** Combines the leaves of one value: objects by their keys, lists by position. */
function merged(a: unknown, b: unknown): unknown {
  if (Array.isArray(a) && Array.isArray(b)) return a.map((each, i) => merged(each, b[i]));
  if (!isObject(a) || !isObject(b)) return a ?? b;
  const all = { ...a };
  for (const [key, value] of Object.entries(b)) all[key] = key in all ? merged(all[key], value) : value;
  return all;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  [Object.prototype, null].includes(Object.getPrototypeOf(value) as object);

/** When hyparquet reads past an end, it throws whatever error results. */
async function guarded<T>(name: string, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof VLM2VecError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DatasetFormatError(
      `${name} is not a Parquet file, or it is damaged: ${reason}.`,
      { name, reason },
      { cause },
    );
  }
}
