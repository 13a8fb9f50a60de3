/**
 * @file An index from rest into memory: rows and vectors, each held to the other. What a crash wrote and no row names is
 * cut off; rows whose bytes are not there are forgotten.
 */

import { HEADER_BYTES, PackedVectors, readRecords, recordAt, recordBytes, writeHeader } from '../vectors';
import { Catalog } from './catalog';
import type { LibraryPlace } from './place';
import type { FileRow, FolderRow, MetaRow, PictureRow } from './rows';
import { closePacks, type IndexStorage, type Loaded, type PackReader, type Packs, type Writers } from './storage';

/** Bytes read at a time. */
const CHUNK_BYTES = 8 << 20;

/** Opens the files that belong to the rows, and reads all vectors. @param writable only while holding the index's lock */
export async function load(
  storage: IndexStorage,
  place: LibraryPlace,
  meta: MetaRow,
  loaded: Loaded,
  writable: boolean,
): Promise<{ packs: Packs; writers: Writers | null; catalog: Catalog }> {
  if (!writable) {
    const packs = await storage.openReaders(meta.generation);
    const catalog = loaded.files.some(({ kind }) => kind === 'picture')
      ? await readCatalog(place, packs.vectors, loaded.folders, loaded.files)
      : new Catalog(emptyVectors(place), loaded.folders, loaded.files);
    return { packs, writers: null, catalog };
  }
  await storage.removeOthers(meta.generation);
  const packs = await storage.openWriters(meta.generation);
  try {
    const files = loaded.files.filter((row) => row.kind !== 'picture' || isThere(row, packs, place));
    await cutOrphans(packs, files, place);
    const catalog = await readCatalog(place, packs.vectors, loaded.folders, files);
    // Rows without their bytes (storage that was evicted in part) are forgotten, and their pictures indexed again.
    const lost = loaded.files.filter(({ id }) => !catalog.files.has(id)).map(({ id }) => id);
    if (lost.length > 0) await storage.commit({ remove: lost });
    return { packs, writers: packs, catalog };
  } catch (error) {
    await closePacks(packs);
    throw error;
  }
}

function isThere({ slot, thumb }: PictureRow, { vectors, thumbnails }: Writers, { dims }: LibraryPlace): boolean {
  return recordAt(dims, slot + 1) <= vectors.end && endOf(thumb) <= thumbnails.end;
}

function endOf(thumb: PictureRow['thumb']): number {
  return thumb ? thumb.at + thumb.bytes : 0;
}

/** What a crash wrote and no row names. */
async function cutOrphans(packs: Writers, files: readonly FileRow[], place: LibraryPlace) {
  let slots = 0;
  let thumbs = 0;
  for (const row of files) {
    if (row.kind !== 'picture') continue;
    slots = Math.max(slots, row.slot + 1);
    thumbs = Math.max(thumbs, endOf(row.thumb));
  }
  if (packs.vectors.end < HEADER_BYTES) {
    await packs.vectors.truncate(0);
    await packs.vectors.append(writeHeader(emptyVectors(place)));
  }
  await packs.vectors.truncate(recordAt(place.dims, slots));
  await packs.thumbnails.truncate(thumbs);
}

export function emptyVectors({ dims, modelId }: LibraryPlace): PackedVectors {
  return new PackedVectors({ dims, model: modelId });
}

/** Reads the vectors. A row whose vector is none does not count. */
export async function readCatalog(
  place: LibraryPlace,
  file: PackReader,
  folders: readonly FolderRow[],
  files: readonly FileRow[],
): Promise<Catalog> {
  const vectors = emptyVectors(place);
  const { dims } = place;
  const used = new Set(files.flatMap((row) => (row.kind === 'picture' ? [row.slot] : [])));
  const count = Math.max(0, Math.floor(((await file.size()) - HEADER_BYTES) / recordBytes(dims)));
  vectors.reserve(count);
  const step = Math.max(1, Math.floor(CHUNK_BYTES / recordBytes(dims)));
  for (let start = 0; start < count; start += step) {
    const rows = Math.min(step, count - start);
    readRecords(vectors, await file.read(recordAt(dims, start), rows * recordBytes(dims)));
    freeUnused(vectors, start, used);
  }
  return new Catalog(
    vectors,
    folders,
    files.filter((row) => row.kind !== 'picture' || vectors.has(row.slot)),
  );
}

/** Frees rows from `first` on that have no picture. */
export function freeUnused(vectors: PackedVectors, first: number, used: ReadonlySet<number>): void {
  for (let row = first; row < vectors.rows; row++) if (!used.has(row) && vectors.has(row)) vectors.remove(row);
}
