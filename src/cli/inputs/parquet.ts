/** @file Reads a Parquet file, one row group at a time. */

import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { ByteSource } from '../../checkpoint';
import { DatasetFormatError, SourceNotFoundError } from '../../errors';
import { openParquet, type ColumnKind } from '../../eval/parquet';
import { checkColumns } from './columns';
import { fieldNames, recordOf, type FieldOptions } from './fields';
import { decodeUtf8 } from './line-stream';
import type { ColumnType, Source } from './record';

/** The limit for users' tables, not for MMEB's. */
const LIMITS = { rows: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };
const TYPES: Record<ColumnKind, ColumnType> = {
  ...{ integer: 'integer', number: 'number', boolean: 'boolean', text: 'string', bytes: 'string', other: 'string' },
};

/** Opens the file to see its columns. Rejects if it is not a Parquet file, or lacks the named columns. */
export async function parquetSource(file: string, options: FieldOptions): Promise<Source> {
  const { kinds, rows } = await within(file, async (source) => openParquet(source, undefined, LIMITS));
  checkColumns(file, [...kinds.keys()], options);
  const { keep } = options;
  const parts = Object.values(fieldNames(options));
  const kept = keep === 'all' ? [...kinds.keys()].filter((name) => !parts.includes(name)) : (keep ?? []);
  const wanted = [...kinds.keys()].filter((name) => parts.includes(name) || kept.includes(name));
  const isBytes = (name: string) => kinds.get(name) === 'bytes' && name !== fieldNames(options).image;
  let done = 0;
  return {
    label: file,
    async *read(signal) {
      done = 0;
      const handle = await opened(file);
      try {
        const table = await openParquet(await fileSource(file, handle), signal, LIMITS);
        for await (const group of table.groups(wanted)) {
          for (const fields of group) {
            const where = `${file}: row ${++done}`;
            // Strings that their writer did not mark as such arrive as bytes.
            for (const name of wanted.filter(isBytes)) {
              if (fields[name] instanceof Uint8Array) fields[name] = decodeUtf8(fields[name]) ?? fields[name];
            }
            yield await recordOf({ where, fields, folder: path.dirname(path.resolve(file)) }, options, false);
          }
        }
      } finally {
        await handle.close();
      }
    },
    count: async () => rows,
    progress: () => (rows === 0 ? 1 : done / rows),
    keepable: new Map([...kinds].filter(([name]) => !parts.includes(name)).map(([name, kind]) => [name, TYPES[kind]])),
  };
}

async function within<T>(file: string, run: (source: ByteSource) => Promise<T>): Promise<T> {
  const handle = await opened(file);
  try {
    return await run(await fileSource(file, handle));
  } finally {
    await handle.close();
  }
}

async function opened(file: string): Promise<FileHandle> {
  return open(file).catch((cause: NodeJS.ErrnoException) => {
    throw new SourceNotFoundError(`${file} cannot be read (${cause.code}).`, { file }, { cause });
  });
}

async function fileSource(name: string, handle: FileHandle): Promise<ByteSource> {
  const { size } = await handle.stat();
  return {
    ...{ name, size },
    read: async (start, end) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
      for (let got = 0; got < bytes.length;) {
        const { bytesRead } = await handle.read(bytes, got, bytes.length - got, start + got);
        if (bytesRead === 0) throw new DatasetFormatError(`${name} became shorter while it was being read.`, { name });
        got += bytesRead;
      }
      return bytes;
    },
  };
}
