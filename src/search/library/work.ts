/** @file What a run has to do: files that are new or changed, found by walking the folders. */

import type { Attempts } from './attempts';
import type { Catalog } from './catalog';
import { fileKey, type FileRow } from './rows';
import type { FoundFile } from './walk';

/** A file to be indexed. */
export interface Work extends FoundFile {
  folderId: number;
  key: string;
}

/** Where a folder's files come from now; null where it has to be chosen or permitted first. */
export type Source = (
  onUnknown: (path: string, error: unknown) => void,
) => AsyncIterable<FoundFile> | Iterable<FoundFile>;

export interface WalkResult {
  works: Work[];
  /** Pictures in the folder. */
  found: number;
  /** Parts of the folder could not be read. */
  partial: boolean;
}

/**
 * Walks a folder: queues what is new or changed, and hides what is gone.
 * @param onFound called now and then with how many were found
 */
export async function walkFolder(
  folderId: number,
  source: Source,
  catalog: Catalog,
  onFound: (count: number) => void,
): Promise<WalkResult> {
  const seen = new Set<string>();
  const unknown: string[] = [];
  const works: Work[] = [];
  for await (const found of source((path) => unknown.push(path))) {
    const key = fileKey(folderId, found.path);
    if (seen.has(key)) continue;
    seen.add(key);
    const row = catalog.at(folderId, found.path);
    if (row) catalog.setMissing(row.id, false);
    if (!row || isChanged(row, found.file)) works.push({ ...found, folderId, key });
    onFound(seen.size);
  }
  for (const row of catalog.files.values()) {
    if (row.folderId !== folderId || seen.has(fileKey(folderId, row.path))) continue;
    if (!unknown.some((path) => row.path.startsWith(path))) catalog.setMissing(row.id, true);
  }
  return { works, found: seen.size, partial: unknown.length > 0 };
}

function isChanged(row: FileRow, file: File): boolean {
  return row.size !== file.size || row.modified !== file.lastModified;
}

/** Those whose work was never cut short, and those to be tried alone, last. */
export function split(works: readonly Work[], attempts: Attempts): { sound: Work[]; suspect: Work[] } {
  const sound = works.filter(({ key }) => attempts.deaths(key) === 0);
  const suspect = works.filter(({ key }) => attempts.deaths(key) > 0);
  return { sound, suspect };
}
