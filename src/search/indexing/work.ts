/** @file What a run has to do: new and changed files, found by walking the folders. */

import type { Attempts } from './attempts';
import type { Catalog } from '../library/catalog';
import type { Unread } from './folder-problems';
import { fileKey, isOlder, type FileRow } from '../library/rows';
import type { FoundFile } from './walk';

/** A file to index. */
export interface Work extends FoundFile {
  folderId: number;
  key: string;
  /** Indexed and unchanged: only the file's metadata is read again. */
  unchanged?: boolean;
}

/** Where a folder's files come from now; null if it has to be chosen or permitted first. */
export type Source = (onUnread: (unread: Unread) => void) => AsyncIterable<FoundFile> | Iterable<FoundFile>;

export interface WalkResult {
  works: Work[];
  /** Pictures in the folder. */
  found: number;
  /** Parts of the folder that could not be read. */
  unread: Unread[];
  /** There were pictures, and now there are none, which is hardly intentional. They are not hidden. */
  emptied: boolean;
}

/**
 * Walks a folder: queues what is new or changed, or was read by an earlier version, and hides what has disappeared.
 * @param onFound called now and then with how many were found
 */
export async function walkFolder(
  folderId: number,
  source: Source,
  catalog: Catalog,
  onFound: (count: number) => void,
): Promise<WalkResult> {
  const seen = new Set<string>();
  const unread: Unread[] = [];
  const works: Work[] = [];
  for await (const found of source((part) => unread.push(part))) {
    const key = fileKey(folderId, found.path);
    if (seen.has(key)) continue;
    seen.add(key);
    const row = catalog.at(folderId, found.path);
    if (row) catalog.setMissing(row.id, false);
    const work = { ...found, folderId, key };
    if (!row || isChanged(row, found.file)) works.push(work);
    else if (isOlder(row)) works.push({ ...work, unchanged: row.kind === 'picture' });
    onFound(seen.size);
  }
  const emptied = seen.size === 0 && unread.length === 0 && catalog.picturesIn(folderId) > 0;
  for (const row of emptied ? [] : catalog.files.values()) {
    if (row.folderId !== folderId || seen.has(fileKey(folderId, row.path))) continue;
    if (!unread.some(({ path }) => isWithin(row.path, path))) catalog.setMissing(row.id, true);
  }
  return { works, found: seen.size, unread, emptied };
}

/** @param part as in {@link Unread} */
function isWithin(path: string, part: string): boolean {
  return part === '' || part.endsWith('/') ? path.startsWith(part) : path === part;
}

function isChanged(row: FileRow, file: File): boolean {
  return row.size !== file.size || row.modified !== file.lastModified;
}

/** Splits those whose work was never cut short from those to be tried alone, the most suspicious last. */
export function split(works: readonly Work[], attempts: Attempts): { sound: Work[]; suspect: Work[] } {
  const sound = works.filter(({ key }) => !attempts.isSuspect(key));
  const suspect = works.filter(({ key }) => attempts.isSuspect(key));
  suspect.sort((a, b) => attempts.deathsAlone(a.key) - attempts.deathsAlone(b.key));
  return { sound, suspect };
}
