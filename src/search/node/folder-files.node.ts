/** @file Names of the files of an index in a folder. They contain a generation or a snapshot: no file changes its meaning. */

import { join } from 'node:path';
import { LOCAL_FOLDER } from '../library/folder-manifest';

export const VECTORS_FOLDER = 'vectors';

export const journalPath = (folder: string, snapshot: number) =>
  join(folder, LOCAL_FOLDER, `journal-${snapshot}.jsonl`);
export const placesPath = (folder: string, snapshot: number) => join(folder, LOCAL_FOLDER, `places-${snapshot}.json`);

export function vectorPaths(key: string, generation: number): { coarse: string; fine: string } {
  const start = `${VECTORS_FOLDER}/${key}-${generation}`;
  return { coarse: `${start}.coarse.bin`, fine: `${start}.fine.bin` };
}

export function thumbnailsPath(generation: number): string {
  return `thumbnails-${generation}.bin`;
}

/** Whether a file holds vectors or thumbnails, of whatever generation. */
export function isPack(path: string): boolean {
  return /^(?:vectors\/[0-9a-f]{16}-\d+\.(?:coarse|fine)|thumbnails-\d+)\.bin$/.test(path);
}

/** Whether a file belongs to a snapshot, whichever it is. */
export function isOfSnapshot(path: string): boolean {
  return /^(?:rows-\d+\.(?:json|bin)|local\/journal-\d+\.jsonl|local\/places-\d+\.json|index\.json\.new)$/.test(path);
}
