/**
 * @file `embed --serve`: a model that stays loaded and answers batches of lines over pipes, for an executor of Spark or
 * an actor of Ray. An empty line ends a batch; as many lines come back, in order, and an empty one. A batch is read
 * completely before anything is printed, so that a client that writes all of it before reading never waits for us while
 * we wait for it.
 */

import type { EmbedOptions, Runtime } from '../runtime';
import { embedSome, type RecordResult } from './embed-chunk';
import { linesOf } from './inputs/line-stream';
import { lineRecords, type LineOptions } from './inputs/lines';
import type { AnyRecord } from './inputs/record';

/** Lines of a batch that are embedded in one call. */
const CHUNK = 512;

const NEWLINE = 0x0a;

export interface ServeOptions extends LineOptions {
  options: EmbedOptions;
  /** One result; errors omit the line number, which means nothing here. */
  print(result: RecordResult): Promise<void>;
  /** The end of a batch. */
  printEnd(): Promise<void>;
}

/**
 * Runs until `input` ends. Lines that remain then, without an empty line, are a batch too. Bad lines are answered with
 * their errors.
 */
export async function serveLines(
  runtime: Runtime,
  input: AsyncIterable<Uint8Array>,
  { options, print, printEnd, ...lineOptions }: ServeOptions,
): Promise<void> {
  for await (const bytes of batchesOf(input)) {
    const records: AnyRecord[] = [];
    for await (const record of lineRecords(linesOf(asStream(bytes)), process.cwd(), lineOptions)) {
      records.push({ ...record, number: records.length + 1 });
    }
    for (let start = 0; start < records.length; start += CHUNK) {
      const results = await embedSome(runtime, records.slice(start, start + CHUNK), options);
      for (const result of results) await print(withoutNumber(result));
    }
    await printEnd();
  }
}

async function* asStream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function withoutNumber(result: RecordResult): RecordResult {
  return result.error === undefined ? result : { ...result, error: result.error.replace(/^line \d+:? /, '') };
}

/** The lines between empty lines, each with its newline; nothing for consecutive empty lines. */
export async function* batchesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let batch: Uint8Array[] = []; // complete lines
  let line: Uint8Array[] = []; // pieces of a line that has not ended
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      line.push(chunk.subarray(start, end + 1));
      start = end + 1;
      if (!line.every(isBlank)) batch.push(...line);
      else if (batch.length > 0) {
        yield Buffer.concat(batch);
        batch = [];
      }
      line = [];
    }
    if (start < chunk.length) line.push(chunk.subarray(start));
  }
  if (!line.every(isBlank)) batch.push(...line);
  if (batch.length > 0) yield Buffer.concat(batch);
}

const isBlank = (bytes: Uint8Array) => bytes.every((byte) => byte === NEWLINE || byte === 0x0d);
