/**
 * @file `embed --serve`: a model that stays up and answers batches of lines over pipes, as an executor of Spark or an actor of
 * Ray asks it. An empty line ends a batch; as many lines come back, in order, and an empty one. A batch is read whole before
 * anything is printed, so that who writes all of it before reading never waits for us while we wait for them.
 */

import type { EmbedOptions, Runtime } from '../runtime';
import { embedLines, type LineResult } from './embed-lines';
import { checkImageFiles, isBad, parseLines } from './jsonl';
import type { ProgressLine } from './progress';

const NEWLINE = 0x0a;

export interface ServeOptions {
  options: EmbedOptions;
  progress: ProgressLine;
  /** One result; errors are without the number of their line, which means nothing here. */
  print(result: LineResult): Promise<void>;
  /** The end of a batch. */
  printEnd(): Promise<void>;
}

/** Until `input` ends. What is left then without an empty line is a batch too. Bad lines are answered with their errors. */
export async function serveLines(
  runtime: Runtime,
  input: AsyncIterable<Uint8Array>,
  { options, progress, print, printEnd }: ServeOptions,
): Promise<void> {
  for await (const bytes of batchesOf(input)) {
    const parsed = parseLines(bytes, process.cwd());
    const lines = await Promise.all(parsed.map(async (line) => (isBad(line) ? line : checkImageFiles(line))));
    for await (const chunk of embedLines(runtime, lines, { options, skipBad: true, progress })) {
      for (const result of chunk) await print(withoutNumber(result));
    }
    await printEnd();
  }
}

function withoutNumber(result: LineResult): LineResult {
  return result.error === undefined ? result : { ...result, error: result.error.replace(/^line \d+: /, '') };
}

/** What lies between empty lines, each with its newlines; nothing for empty lines in a row. */
export async function* batchesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let batch: Uint8Array[] = []; // whole lines
  let line: Uint8Array[] = []; // pieces of one that has not ended
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
