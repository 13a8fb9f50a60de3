/** @file How the command fails: with one line on stderr, and an exit code that says whose fault it was. */

import { CommanderError } from 'commander';
import {
  DeviceLostError,
  NotFiniteError,
  NotWritableError,
  StorageFullError,
  VLM2VecError,
  WorkerStartError,
} from '../errors';
import { isMachineFault } from '../store/write-errors.node.js';
import { OutputFailed } from './output';
import { printableLine } from './printable';

export const EXIT = {
  ok: 0,
  /** Our fault or the machine's, or a check that did not pass. */
  internal: 1,
  /** Bad input: arguments, files, checkpoints, bundles. */
  input: 2,
  /** Done, except for bad inputs that `--skip-bad` left out. */
  skipped: 3,
  /** Ended by Ctrl-C; the number is the one shells use. */
  interrupted: 130,
} as const;

/** A file system's refusal counts as bad input too: a wrong path, no permission. */
const INPUT_CODES = new Set(['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG', 'EROFS']);

/** Whatever is given, these come of the machine, or of us. */
const MACHINE = [StorageFullError, DeviceLostError, NotFiniteError, WorkerStartError];

/** A requested check did not pass. */
export class CheckFailed extends Error {
  override name = 'CheckFailed';
}

/** Inputs were left out, as requested, and everything else was done. */
export class InputsSkipped extends Error {
  override name = 'InputsSkipped';
}

/** The message as a line without a prefix, and the exit code. */
export function describeFailure(error: unknown): { line: string; code: number } {
  if (error instanceof CommanderError) {
    return { line: oneLine(error.message.replace(/^error: /, '')), code: error.exitCode === 0 ? EXIT.ok : EXIT.input };
  }
  if (error instanceof VLM2VecError) {
    const isOurs =
      MACHINE.some((each) => error instanceof each) || (error instanceof NotWritableError && isMachineFault(error));
    return { line: oneLine(error.message), code: isOurs ? EXIT.internal : EXIT.input };
  }
  if (error instanceof Error && 'code' in error && INPUT_CODES.has(String(error.code))) {
    return { line: oneLine(error.message), code: EXIT.input };
  }
  if (error instanceof CheckFailed || error instanceof OutputFailed)
    return { line: oneLine(error.message), code: EXIT.internal };
  if (error instanceof InputsSkipped) return { line: oneLine(error.message), code: EXIT.skipped };
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  return { line: oneLine(`${name}: ${message}`), code: EXIT.internal };
}

function oneLine(text: string): string {
  return printableLine(text.replace(/\s*[\r\n]+\s*/g, ' ').trim());
}
