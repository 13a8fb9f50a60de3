/** @file The names of places that are included in the package. */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SourceNotFoundError } from '../../errors';
import { Places } from '../places/areas';
import { Gazetteer } from '../places/gazetteer';

/** Relative to the package's `dist/lib`, and to this folder in the repository. */
const FILES = ['../places/places.bin', '../../../places/places.bin'];

/** @throws SourceNotFoundError if the file is in neither place */
export async function installedPlaces(): Promise<Places> {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const files = FILES.map((file) => path.join(here, file));
  const found = files.find(existsSync);
  if (found === undefined) {
    throw new SourceNotFoundError(`The names of places are not there (looked for ${files.join(', ')}).`, { files });
  }
  return new Places(await Gazetteer.read(new Uint8Array(await readFile(found))));
}
