/** @file Small data sets in MMEB's layout for tests (Node only): Parquet tables by hyparquet-writer, pictures by sharp. */

import { parquetWriteBuffer, type SchemaElement } from 'hyparquet-writer';
import sharp from 'sharp';
import { blobTree, type FileTree } from '../checkpoint';
import { zip } from './checkpoint-files';

export type TableRow = Record<string, string | string[]>;

/** A Parquet file whose columns are those of the first row: strings, and lists of strings. */
export function mmebTable(rows: readonly TableRow[]): Uint8Array {
  const columns = Object.entries(rows[0]!);
  const schema: SchemaElement[] = [{ name: 'schema', num_children: columns.length }];
  for (const [name, value] of columns) {
    const leaf = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const;
    if (!Array.isArray(value)) schema.push({ name, ...leaf });
    else {
      schema.push({ name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' });
      schema.push({ name: 'list', repetition_type: 'REPEATED', num_children: 1 });
      schema.push({ name: 'element', ...leaf });
    }
  }
  const columnData = columns.map(([name]) => ({ name, data: rows.map((row) => row[name]!) }));
  return new Uint8Array(parquetWriteBuffer({ columnData, schema }));
}

/** A PNG of one colour. */
export async function plainPicture(
  [r, g, b]: readonly [number, number, number],
  width = 40,
  height = 30,
): Promise<Uint8Array> {
  const create = { width, height, channels: 3, background: { r, g, b } } as const;
  return new Uint8Array(await sharp({ create }).png().toBuffer());
}

/** Tables by set and pictures by path → the files of the layout, by path. */
export function mmebFiles(
  tables: Record<string, readonly TableRow[]>,
  pictures: Record<string, Uint8Array>,
): Record<string, Uint8Array> {
  const files = Object.entries(tables).map(([set, rows]) => [`${set}/test-00000-of-00001.parquet`, mmebTable(rows)]);
  return { ...Object.fromEntries(files), 'images.zip': zip(pictures) };
}

/** The same as a tree. */
export function mmebTree(files: Record<string, Uint8Array>, label = 'small-mmeb'): FileTree {
  const blobs = Object.entries(files).map(([path, bytes]) => ({
    path,
    blob: new Blob([bytes as Uint8Array<ArrayBuffer>]),
  }));
  return blobTree(blobs, label);
}
