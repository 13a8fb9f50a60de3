/** @file Writing to stdout: in order, no faster than it is read, and quiet when the reader goes away. */

import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { whyNotWritten } from '../store/write-errors.node.js';
import { printable } from './printable';

/** Stdout cannot be written: the inputs are not at fault. */
export class OutputFailed extends Error {
  override name = 'OutputFailed';
}

/** Thrown when the reader of our output (`| head`) has closed it: time to stop, but not an error. */
export class ReaderGone extends Error {
  override name = 'ReaderGone';
}

/** Of stdout, once there is one: nothing more is written. */
let failure: ReaderGone | OutputFailed | null = null;

/** Call once at the start: without it, a closed pipe or a full disk would end the process with a stack trace. */
export function watchStdout(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => (failure ??= failureOf(error)));
}

function failureOf(error: NodeJS.ErrnoException): ReaderGone | OutputFailed {
  if (error.code === 'EPIPE') return new ReaderGone();
  return new OutputFailed(`The output cannot be written: ${whyNotWritten(error) ?? error.message}.`, { cause: error });
}

/** Waits until what was printed last may have failed. Rejects with {@link OutputFailed}; it does not matter whether all was read. */
export async function expectPrinted(): Promise<void> {
  await nextTurn();
  if (failure instanceof OutputFailed) throw failure;
}

/** Writes a line, with harmful characters escaped. Rejects with {@link ReaderGone} or {@link OutputFailed}. */
export function printLine(line: string): Promise<void> {
  return printRaw(`${printable(line)}\n`);
}

/** Writes the text unchanged, for programs: names of files may hold anything. Rejects as {@link printLine}. */
export async function printRaw(text: string): Promise<void> {
  if (failure) throw failure;
  if (process.stdout.write(text) || failure) return;
  // `once` rejects with the stream's error if the pipe breaks while we wait.
  await once(process.stdout, 'drain').catch((error: NodeJS.ErrnoException) => {
    throw failureOf(error);
  });
}
