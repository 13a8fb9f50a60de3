/** @file An output is never one of its inputs: the results would take the place of what they were computed from. */

import { fstatSync, statSync, type Stats } from 'node:fs';
import { InvalidInputError } from '../../errors';
import { STDIN } from '../inputs/lines';
import type { Source } from '../inputs/record';
import { writtenNames, type SinkPlace } from './places';

/**
 * Also by other names: links, and a file that is stdin.
 * @throws InvalidInputError naming the file
 */
export function refuseOwnInputs(place: SinkPlace, sources: readonly Source[]): void {
  const inputs = new Set(sources.flatMap(({ label }) => keyOf(label) ?? []));
  for (const file of writtenNames(place)) {
    const key = keyOf(file);
    if (key === null || !inputs.has(key)) continue;
    throw new InvalidInputError(`${file} is one of the inputs, and would be replaced. Give --out another name.`, {
      file,
    });
  }
}

/** What tells a file from all others; null for folders, pipes and what is not there. */
function keyOf(name: string): string | null {
  const status = statusOf(name);
  return status?.isFile() ? `${status.dev} ${status.ino}` : null;
}

function statusOf(name: string): Stats | undefined {
  try {
    return name === STDIN ? fstatSync(0) : statSync(name, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
