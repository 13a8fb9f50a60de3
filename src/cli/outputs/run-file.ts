/** @file The state that a run leaves beside its output: its model, options and inputs, and how far it has got. */

import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { InvalidInputError } from '../../errors';
import { makeFolder } from '../../store/write-errors.node.js';
import { replaceFile } from '../../store/write-whole.node.js';
import type { SinkState } from './sink';

const FORMAT = 'vlm2vec-embed-run';

/** Plain data that must be equal for one run to continue another. */
export type RunFacts = Record<string, string | number | boolean | null | readonly string[]>;

export interface RunState {
  /** `complete`: everything is written, but files may not have their names yet. */
  status: 'running' | 'complete' | 'done';
  /** Inputs that are written, and how many of them were errors. */
  inputs: number;
  errors: number;
  /** SHA-256 of all those inputs. */
  inputsHash: string;
  sink: SinkState | null;
}

/** Null if there is none. */
export async function readRun(file: string): Promise<(RunState & { facts: RunFacts }) | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  try {
    const { format, version, ...run } = JSON.parse(text) as { format: string; version: number } & RunState & {
        facts: RunFacts;
      };
    if (format === FORMAT && version === 1 && typeof run.inputs === 'number') return run;
  } catch {
    // reported below
  }
  throw new InvalidInputError(`${file} is not the state of a vlm2vec embed run. Move it away to start over.`, { file });
}

/** Written completely or not at all, and durably. */
export async function writeRun(file: string, facts: RunFacts, state: RunState): Promise<void> {
  await makeFolder(path.dirname(path.resolve(file)));
  const text = `${JSON.stringify({ format: FORMAT, version: 1, ...state, facts }, null, 1)}\n`;
  await replaceFile(file, text);
}

export async function removeRun(file: string): Promise<void> {
  for (const each of [file, `${file}.partial`]) await rm(each, { force: true });
}

/** @throws InvalidInputError naming what differs */
export function expectSame(file: string, before: RunFacts, now: RunFacts): void {
  const same = (key: string) => JSON.stringify(before[key] ?? null) === JSON.stringify(now[key] ?? null);
  const other = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((key) => !same(key));
  if (other.length === 0) return;
  const each = other.map(
    (key) => `${key} was ${JSON.stringify(before[key] ?? null)} and is ${JSON.stringify(now[key] ?? null)}`,
  );
  throw new InvalidInputError(
    `--resume: the run in ${file} was different: ${each.join('; ')}. Repeat its options, or start over with --overwrite.`,
    { file, differs: other },
  );
}
