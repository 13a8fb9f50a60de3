/** @file A file whose bytes are already known: touched, moved, or a copy. Nothing has to be embedded. */

import { localWallClock } from '../facts/dates';
import { readFacts } from '../facts/facts';
import { headOf } from '../facts/head';
import type { Catalog } from '../library/catalog';
import type { Addition } from '../library/library';
import { isOlder, READER, type PictureRow } from '../library/rows';
import type { Outcome } from './committer';
import type { Work } from './work';

/**
 * Null if its bytes are new.
 * @param claimed missing rows that were taken over in this run; the one taken over here is added
 */
export function reuse(work: Work, hash: string, catalog: Catalog, claimed: Set<number>): Omit<Outcome, 'key'> | null {
  const { folderId, path, file } = work;
  const before = catalog.at(folderId, path);
  const placed = <T extends Pick<PictureRow, 'dated' | 'taken'>>(row: T) => {
    const modified = file.lastModified;
    const taken = row.dated ? row.taken : localWallClock(modified);
    return { ...row, folderId, path, size: file.size, modified, taken };
  };
  const same = catalog.withHash(hash);
  const touched = same.find(({ id }) => id === before?.id);
  if (touched) return { addition: { row: placed(touched) } };
  const moved = same.find(({ id }) => catalog.isMissing(id) && !claimed.has(id));
  if (moved) {
    claimed.add(moved.id);
    return { addition: { row: placed(moved) }, replaces: before?.id };
  }
  const original = same[0];
  if (!original) return null;
  const { slot: _slot, thumb: _thumb, ...facts } = original;
  return { addition: { row: { ...placed(facts), id: before?.id ?? catalog.nextId() }, like: original } };
}

/** The same, with the file's metadata read again if an earlier version of the reader read it. */
export async function readAnew(
  known: Omit<Outcome, 'key'>,
  bytes: Uint8Array,
  file: File,
): Promise<Omit<Outcome, 'key'>> {
  const { addition } = known;
  if (addition.row.kind !== 'picture' || !isOlder(addition.row)) return known;
  const facts = await readFacts(bytes, file.lastModified);
  return { ...known, addition: { ...addition, row: { ...addition.row, ...facts, reader: READER } } as Addition };
}

/** An unchanged picture with its metadata read again: only as much of the file is read as that needs. */
export async function refreshed(row: PictureRow, file: File): Promise<Addition> {
  const facts = await readFacts(await headOf(file), file.lastModified);
  return { row: { ...row, ...facts, reader: READER } };
}
