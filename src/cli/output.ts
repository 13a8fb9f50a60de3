/** @file Writing to stdout: in order, no faster than it is read, and quiet when the reader goes away. */

import { once } from 'node:events';
import { printable } from './printable';

/** Thrown when the reader of our output (`| head`) has closed it: time to stop, but not an error. */
export class ReaderGone extends Error {
  override name = 'ReaderGone';
}

let readerGone = false;

/** Call once at the start: without it, a closed pipe would end the process with a stack trace. */
export function watchStdout(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    readerGone = true;
  });
}

/** Writes a line, with harmful characters escaped. Rejects with {@link ReaderGone}. */
export function printLine(line: string): Promise<void> {
  return printRaw(`${printable(line)}\n`);
}

/** Writes the text unchanged, for programs: names of files may hold anything. Rejects with {@link ReaderGone}. */
export async function printRaw(text: string): Promise<void> {
  if (readerGone) throw new ReaderGone();
  if (process.stdout.write(text) || readerGone) return;
  // `once` rejects with the stream's error if the pipe breaks while we wait.
  await once(process.stdout, 'drain').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    throw new ReaderGone();
  });
}
