/** @file Where the built-in models lie in Node: in the package, or in the repository. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MANIFEST_PATH } from '../bundle/manifest';
import { SourceNotFoundError } from '../errors';

/** Seen from the package's `dist/lib`, and from `src/sources` in the repository. */
const PLACES = ['../models', '../../public/models'];

/** @throws SourceNotFoundError where the folder is in neither */
export function builtInFolder(name: string): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const folders = PLACES.map((place) => path.join(here, place, name));
  const found = folders.find((folder) => existsSync(path.join(folder, MANIFEST_PATH)));
  if (found === undefined) {
    throw new SourceNotFoundError(`The built-in model '${name}' was not found (looked in ${folders.join(', ')}).`, {
      folders,
    });
  }
  return found;
}
