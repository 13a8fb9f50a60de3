/** @file Reads a CSV or TSV file with a header, row by row, with csv-parse. */

import { parse } from 'csv-parse';
import path from 'node:path';
import { pipeline } from 'node:stream';
import { DatasetFormatError, SourceNotFoundError, VLM2VecError } from '../../errors';
import { openForReading } from '../../read-file.node.js';
import { checkColumns } from './columns';
import { fieldNames, recordOf, type FieldOptions, type FieldRow } from './fields';
import { decodeUtf8 } from './line-stream';
import { recordError, type Source } from './record';

/** A row longer than this is most likely due to a quote that was never closed. */
const MAX_ROW_BYTES = 64 * 1024 * 1024;
const MARK = Buffer.from('\ufeff');

/** Reads the header. Rejects if there is none, or if it lacks the named columns. */
export async function csvSource(file: string, options: FieldOptions): Promise<Source> {
  let size = 0;
  let read = 0;
  let delimiter = /\.tsv$/i.test(file) ? '\t' : ',';
  /** The header first, then the rows. */
  async function* rows(signal?: AbortSignal): AsyncGenerator<Buffer[]> {
    read = 0;
    const { stream: input, size: bytes } = await openForReading(file, signal).catch((cause: NodeJS.ErrnoException) => {
      signal?.throwIfAborted();
      throw new SourceNotFoundError(`${file} cannot be read (${cause.code}).`, { file }, { cause });
    });
    size = bytes ?? 0;
    const parser = parse({
      ...{
        encoding: null,
        relax_column_count: true,
        skip_empty_lines: true,
        max_record_size: MAX_ROW_BYTES,
        // Any of them in one file: the parser would take the first line's for all, and the rest for one long cell.
        record_delimiter: ['\r\n', '\n', '\r'],
      },
      delimiter,
    });
    try {
      pipeline(
        input.on('data', (piece) => (read += (piece as Uint8Array).length)),
        withoutMark,
        parser,
        () => undefined, // the parser reports what goes wrong
      );
      for await (const row of parser) yield row as Buffer[];
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof VLM2VecError) throw cause;
      const { code = '', message } = cause as NodeJS.ErrnoException;
      if (!code.startsWith('CSV_'))
        throw new SourceNotFoundError(`${file} cannot be read (${code}).`, { file }, { cause });
      throw new DatasetFormatError(`${file} is not a CSV file, or it is damaged: ${message}.`, { file }, { cause });
    } finally {
      input.destroy();
    }
  }
  const headOf = async () => {
    const first = rows();
    const head = (await first.next()).value as Buffer[] | undefined;
    await first.return(undefined);
    return (head ?? []).map((name) => decodeUtf8(name) ?? '');
  };
  let names = await headOf();
  // Spreadsheets write this where numbers use a decimal comma.
  const other = names.length === 1 && /[;\t]/.exec(names[0]!);
  if (other) {
    [delimiter] = other;
    names = await headOf();
  }
  checkColumns(file, names, options);
  const parts = Object.values(fieldNames(options));
  return {
    label: file,
    keepable: new Map(names.filter((name) => !parts.includes(name)).map((name) => [name, 'string'])),
    async *read(signal) {
      const all = rows(signal);
      await all.next();
      let number = 0;
      for await (const cells of all) {
        const where = `${file}: row ${++number}`;
        const row = fieldsOf(cells, names);
        if (typeof row === 'string') {
          yield { where, id: undefined, kept: {}, mark: cells, error: recordError(where, row) };
        } else yield await recordOf({ where, fields: row, folder: path.dirname(path.resolve(file)) }, options, false);
      }
    },
    count: async (signal) => {
      let count = -1;
      const all = rows(signal);
      while (!(await all.next()).done) count++;
      return Math.max(0, count);
    },
    progress: () => (size === 0 ? 0 : Math.min(1, read / size)),
  };
}

/** csv-parse drops the byte order mark too, but then gives strings, in which bytes that are not UTF-8 are lost. */
async function* withoutMark(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const piece of pieces) {
    yield isFirst && MARK.equals(piece.subarray(0, MARK.length)) ? piece.subarray(MARK.length) : piece;
    isFirst = false;
  }
}

/** An empty cell is a missing field. A string describes an error. */
function fieldsOf(cells: readonly Buffer[], names: readonly string[]): FieldRow['fields'] | string {
  if (cells.length !== names.length) return `has ${cells.length} cells but the header has ${names.length}.`;
  const fields: FieldRow['fields'] = {};
  for (const [i, name] of names.entries()) {
    const cell = decodeUtf8(cells[i]!);
    if (cell === null) return `"${name}" is not UTF-8.`;
    fields[name] = cell === '' ? null : cell;
  }
  return fields;
}
