/** @file Reads JSON lines, or one text per line, from a file or from stdin. */

import path from 'node:path';
import { addAbortSignal } from 'node:stream';
import { InvalidInputError, SourceNotFoundError, VLM2VecError } from '../../errors';
import { openForReading } from '../../read-file.node.js';
import { exactIntegers } from './exact-integers';
import { recordOf, type FieldOptions } from './fields';
import { decodeUtf8, linesOf, type Line } from './line-stream';
import { recordError, type Source, type Unnumbered } from './record';

export const STDIN = '-';
/** A terminal gives less, and /dev/zero more. */
const MAX_DEVICE_BYTES = 16 * 1024 * 1024;

export interface LineOptions extends FieldOptions {
  /** Each line is a text, not JSON. */
  asText?: boolean;
  /** Put before `line 3` in messages, if there is more than one input. */
  prefix: string;
}

/** @param file its path, or `-` */
export function lineSource(file: string, options: LineOptions): Source {
  const isStdin = file === STDIN;
  const folder = isStdin ? process.cwd() : path.dirname(path.resolve(file));
  let size = 0;
  let read = 0;
  async function* lines(signal?: AbortSignal): AsyncGenerator<Line> {
    read = 0;
    try {
      if (isStdin) {
        const { stdin } = process;
        yield* linesOf((signal ? addAbortSignal(signal, stdin) : stdin) as AsyncIterable<Uint8Array>);
        return;
      }
      const { stream, isDevice, ...opened } = await openForReading(file, signal);
      size = opened.size ?? 0;
      yield* linesOf(stream as AsyncIterable<Uint8Array>, (bytes) => {
        read += bytes;
        if (isDevice && read > MAX_DEVICE_BYTES)
          throw new InvalidInputError(`${file} is a device without end.`, { file });
      });
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof VLM2VecError) throw cause;
      throw unreadable(file, cause as NodeJS.ErrnoException);
    }
  }
  return {
    label: file,
    async *read(signal) {
      yield* lineRecords(lines(signal), folder, options);
    },
    count: async (signal) => {
      if (isStdin) return null;
      let count = 0;
      const all = lines(signal);
      while (!(await all.next()).done) count++;
      return count;
    },
    keepable: options.asText ? new Map() : undefined,
    progress: () => (isStdin ? null : size === 0 ? 0 : Math.min(1, read / size)),
  };
}

/** @param folder that paths of pictures are relative to */
export async function* lineRecords(
  lines: AsyncIterable<Line>,
  folder: string,
  options: LineOptions,
): AsyncGenerator<Unnumbered> {
  let number = 0;
  for await (const line of lines) yield await lineRecord(line, `${options.prefix}line ${++number}`, folder, options);
}

function unreadable(file: string, cause: NodeJS.ErrnoException): Error {
  if (cause.code === undefined) return cause;
  return new SourceNotFoundError(`${file} cannot be read (${cause.code}).`, { file }, { cause });
}

async function lineRecord(line: Line, where: string, folder: string, options: LineOptions): Promise<Unnumbered> {
  const mark = line === null ? [] : [line];
  try {
    if (line === null) throw recordError(where, 'is longer than 256 MiB.');
    const text = decodeUtf8(line);
    if (text === null) throw recordError(where, 'is not UTF-8.');
    if (options.asText) {
      const given = text.replace(/\r$/, '');
      if (given.trim() === '') throw recordError(where, 'is empty.');
      return { where, id: undefined, kept: {}, mark, input: { text: given }, imagePath: null };
    }
    return await recordOf({ where, fields: parseObject(text, where), folder, mark }, options, true);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return { where, id: undefined, kept: {}, mark, error };
  }
}

function parseObject(text: string, where: string): Record<string, unknown> {
  if (text.trim() === '') throw recordError(where, 'is empty.');
  let value: unknown;
  try {
    value = JSON.parse(exactIntegers(text));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw recordError(where, `is not JSON (${reason}).`, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw recordError(where, 'is not a JSON object with "text", "image" or both.');
  }
  return value as Record<string, unknown>;
}
