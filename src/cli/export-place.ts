/** @file Where an index may be exported to, said before hours of work. */

import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { InvalidInputError } from '../errors';
import { isArchive, PREFIX_BYTES } from '../search/library/archive';

/**
 * @param index folder of the index, which need not be there yet
 * @throws InvalidInputError for a place in the index, which would be damaged, and for a file that is no export
 */
export function expectExportPlace(place: string, index: string): void {
  const folder = path.dirname(path.resolve(place));
  const refuse = (what: string): never => {
    throw new InvalidInputError(`--export ${place}: ${what} Name another file.`, { option: 'export', place });
  };
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) refuse(`there is no folder ${folder}.`);
  if (statSync(index, { throwIfNoEntry: false })) {
    const inside = path.relative(realpathSync(index), realpathSync(folder));
    if (inside === '' || !(inside.startsWith('..') || path.isAbsolute(inside))) refuse('this is within the index.');
  }
  const there = statSync(place, { throwIfNoEntry: false });
  if (!there) return;
  if (!there.isFile()) refuse('it is not a file.');
  if (there.size > 0 && !isArchive(beginOf(place))) refuse('it is there, and is not an exported photo index.');
}

function beginOf(place: string): Uint8Array {
  const bytes = new Uint8Array(PREFIX_BYTES);
  const file = openSync(place, 'r');
  try {
    return bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}
