/**
 * @file Loads an index from storage into memory: rows and vectors, checked against each other. Bytes that a crash left
 * and no row names are removed; rows whose bytes are missing are forgotten.
 */

import { HEADER_BYTES, PackedVectors, readRecords, recordAt, recordBytes, writeHeader } from '../vectors';
import { Catalog } from './catalog';
import { layersOf, slotIn, withEntry } from './layers';
import type { LibraryPlace } from './place';
import type { AlbumRow, FileRow, FolderRow, LayerRow, MetaRow, PictureRow } from './rows';
import {
  closedOnError,
  closePacks,
  openAllReaders,
  openAllWriters,
  type AllPacks,
  type AllWriters,
  type IndexStorage,
  type Loaded,
  type PackReader,
  type PackWriter,
} from './storage';

/** Bytes read at a time. */
const CHUNK_BYTES = 8 << 20;

/** Opens the files that belong to the rows, and reads all vectors. @param writable only while holding the index's lock */
export async function load(
  storage: IndexStorage,
  place: LibraryPlace,
  meta: MetaRow,
  loaded: Loaded,
  writable: boolean,
): Promise<{ packs: AllPacks; writers: AllWriters | null; catalog: Catalog }> {
  const layers = layersOf(meta);
  if (!writable) {
    const packs = await openAllReaders(storage, meta.generation, layers);
    return closedOnError({ close: () => closePacks(packs) }, async () => {
      const catalog = loaded.files.some(({ kind }) => kind === 'picture')
        ? await readCatalog(place, packs.vectors, loaded)
        : new Catalog(emptyVectors(place), loaded.folders, loaded.files, loaded.albums);
      return { packs, writers: null, catalog };
    });
  }
  await storage.removeOthers(
    meta.generation,
    layers.map(({ key }) => key),
  );
  const packs = await openAllWriters(storage, meta.generation, layers);
  return closedOnError({ close: () => closePacks(packs) }, async () => {
    const there = loaded.files.filter((row) => row.kind !== 'picture' || isThere(row, packs, place));
    const files = there.map((row) => withoutLost(row, packs, layers));
    await cutOrphans(packs, files, place, layers);
    const catalog = await readCatalog(place, packs.vectors, { ...loaded, files });
    // Rows without their bytes (storage that was evicted in part) are forgotten, and their pictures indexed again.
    const remove = loaded.files.filter(({ id }) => !catalog.files.has(id)).map(({ id }) => id);
    const put = files.filter((row, i) => row !== there[i] && catalog.files.has(row.id));
    if (remove.length + put.length > 0) await storage.commit({ remove, put });
    return { packs, writers: packs, catalog };
  });
}

function isThere({ slot, thumb }: PictureRow, { vectors, thumbnails }: AllWriters, { dims }: LibraryPlace): boolean {
  return recordAt(dims, slot + 1) <= vectors.end && endOf(thumb) <= thumbnails.end;
}

function endOf(thumb: PictureRow['thumb']): number {
  return thumb ? thumb.at + thumb.bytes : 0;
}

/** The row without vectors that are missing from their layer's file, or whose layer does not exist. */
function withoutLost(row: FileRow, { layers: packs }: AllWriters, layers: readonly LayerRow[]): FileRow {
  if (row.kind !== 'picture') return row;
  let sound = row;
  for (const key of Object.keys(row.deep ?? {})) {
    const slot = slotIn(row, key);
    const layer = layers.find((each) => each.key === key);
    const lost = slot !== undefined && layer && recordAt(layer.dims, slot + 1) > packs.get(key)!.end;
    if (!layer || lost) sound = withEntry(sound, key, null);
  }
  return sound;
}

/** Removes what a crash left and no row names. */
async function cutOrphans(
  packs: AllWriters,
  files: readonly FileRow[],
  place: LibraryPlace,
  layers: readonly LayerRow[],
): Promise<void> {
  let slots = 0;
  let thumbs = 0;
  const layerSlots = new Map<string, number>();
  for (const row of files) {
    if (row.kind !== 'picture') continue;
    slots = Math.max(slots, row.slot + 1);
    thumbs = Math.max(thumbs, endOf(row.thumb));
    for (const key of Object.keys(row.deep ?? {})) {
      layerSlots.set(key, Math.max(layerSlots.get(key) ?? 0, (slotIn(row, key) ?? -1) + 1));
    }
  }
  await cutVectors(packs.vectors, place, slots);
  await packs.thumbnails.truncate(thumbs);
  for (const layer of layers) await cutVectors(packs.layers.get(layer.key)!, layer, layerSlots.get(layer.key) ?? 0);
}

async function cutVectors(pack: PackWriter, model: VectorsOf, slots: number): Promise<void> {
  if (pack.end < HEADER_BYTES) {
    await pack.truncate(0);
    await pack.append(writeHeader(emptyVectors(model)));
  }
  await pack.truncate(recordAt(model.dims, slots));
}

/** The model that made the vectors. */
export type VectorsOf = Pick<LibraryPlace, 'dims' | 'modelId'>;

export function emptyVectors({ dims, modelId }: VectorsOf): PackedVectors {
  return new PackedVectors({ dims, model: modelId });
}

/** The rows of an index. */
export interface Content {
  folders: readonly FolderRow[];
  files: readonly FileRow[];
  albums: readonly AlbumRow[];
}

/** Reads the vectors. A row with an invalid vector does not count. */
export async function readCatalog(
  place: LibraryPlace,
  file: PackReader,
  { folders, files, albums }: Content,
): Promise<Catalog> {
  const used = new Set(files.flatMap((row) => (row.kind === 'picture' ? [row.slot] : [])));
  const vectors = await readVectors(place, file, used);
  return new Catalog(
    vectors,
    folders,
    files.filter((row) => row.kind !== 'picture' || vectors.has(row.slot)),
    albums,
  );
}

/** Loads the vectors of a file into memory. @param used rows that have a picture; the others are free */
export async function readVectors(
  model: VectorsOf,
  file: PackReader,
  used: ReadonlySet<number>,
): Promise<PackedVectors> {
  const vectors = emptyVectors(model);
  const { dims } = model;
  const count = Math.max(0, Math.floor(((await file.size()) - HEADER_BYTES) / recordBytes(dims)));
  vectors.reserve(count);
  const step = Math.max(1, Math.floor(CHUNK_BYTES / recordBytes(dims)));
  // The same memory for every part: several hundred megabytes of it would be released only when garbage is collected.
  const buffer = new Uint8Array(Math.min(step, count) * recordBytes(dims));
  for (let start = 0; start < count; start += step) {
    const rows = Math.min(step, count - start);
    readRecords(vectors, await file.read(recordAt(dims, start), rows * recordBytes(dims), buffer));
    freeUnused(vectors, start, used);
  }
  return vectors;
}

/** Frees rows from `first` on that have no picture. */
export function freeUnused(vectors: PackedVectors, first: number, used: ReadonlySet<number>): void {
  for (let row = first; row < vectors.rows; row++) if (!used.has(row) && vectors.has(row)) vectors.remove(row);
}
