/**
 * @file An index at rest and in memory. What is committed is never lost and never half there: first the bytes are
 * appended and flushed, then one transaction writes the rows that say where they lie. Bytes that no row names are what
 * a crash left, and are cut off at the next opening.
 */

import { UnsupportedError } from '../../errors';
import { HEADER_BYTES, PackedVectors, readRecords, recordAt, recordBytes, writeHeader, writeRecords } from '../vectors';
import { Catalog } from './catalog';
import { commitChanges, loadAll, openDatabase, type Changes, type Database, type Loaded } from './database';
import { openPackFolder, openPackReader, PackWriter, removeOtherPacks, type PackReader } from './packs';
import type { FileRow, FolderRow, MetaRow, PictureRow } from './rows';

/** Free rows are given back once there are so many of them, and they are a quarter of all. */
const COMPACT_ROWS = 512;
/** Bytes read at a time. */
const CHUNK_BYTES = 8 << 20;

export interface LibraryPlace {
  /** See `placeName`. */
  place: string;
  /** Of the library, for people. */
  name: string;
  modelId: string;
  /** For people. */
  modelName: string | null;
  dims: number;
}

/** A row to be written, and the bytes it does not have yet. */
export type Addition =
  | { row: Exclude<FileRow, PictureRow> }
  /** As it is: its bytes lie there already. */
  | { row: PictureRow }
  | { row: Omit<PictureRow, 'slot' | 'thumb'>; vector: Float32Array; thumb: { bytes: Uint8Array; type: string } }
  /** The same bytes as another picture: its vector is copied, its thumbnail shared. */
  | { row: Omit<PictureRow, 'slot' | 'thumb'>; like: PictureRow };

export interface Commit {
  add?: readonly Addition[];
  remove?: readonly number[];
  ended?: readonly string[];
  folders?: Changes['folders'];
  unfinished?: boolean;
}

/** What other tabs are told of a commit. */
export interface Committed {
  revision: number;
  generation: number;
  put: readonly FileRow[];
  remove: readonly number[];
  folders: Changes['folders'];
}

interface Packs {
  vectors: PackReader;
  thumbnails: PackReader;
}

interface Writers {
  vectors: PackWriter;
  thumbnails: PackWriter;
}

export class Library {
  readonly place: LibraryPlace;
  readonly database: Database;
  meta: MetaRow;
  catalog: Catalog;
  #packs: Packs;
  /** Null where another tab writes. */
  #writers: Writers | null;
  /** Commits go one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    place: LibraryPlace,
    database: Database,
    { meta, catalog, packs }: { meta: MetaRow; catalog: Catalog; packs: Packs },
  ) {
    this.place = place;
    this.database = database;
    this.meta = meta;
    this.catalog = catalog;
    this.#packs = packs;
    this.#writers = writersOf(packs);
  }

  get writable(): boolean {
    return this.#writers !== null;
  }

  /**
   * Opens an index, or makes one.
   * @param writable only while holding the index's lock
   * @throws UnsupportedError for one of a newer version, and where the browser cannot store any
   */
  static async open(place: LibraryPlace, writable: boolean, onGone: () => void): Promise<Library> {
    const database = await openDatabase(place.place, onGone).catch((cause: unknown) => {
      if ((cause as Error)?.name !== 'VersionError') throw cause;
      throw new UnsupportedError('A newer version of this site made this index. Reload the page.', {}, { cause });
    });
    try {
      const loaded = await loadAll(database);
      const meta = { ...(loaded.meta ?? newMeta(place)), modelName: place.modelName, lastUsed: Date.now() };
      if (writable) await commitChanges(database, { meta });
      return new Library(place, database, { meta, ...(await load(database, place, meta, loaded, writable)) });
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Writes bytes, then rows; then what was written can be found. @throws StorageFullError; nothing has changed then */
  commit(commit: Commit): Promise<Committed> {
    return this.#inTurn(() => this.#commit(commit));
  }

  /** @throws SourceNotFoundError */
  readThumbnail({ thumb }: PictureRow): Promise<Uint8Array<ArrayBuffer>> {
    return this.#packs.thumbnails.read(thumb.at, thumb.bytes);
  }

  /** Takes over what another tab committed. Resolves to false where it does not follow on what is known here. */
  async follow({ revision, generation, put, remove, folders }: Committed): Promise<boolean> {
    if (generation !== this.meta.generation || revision !== this.meta.revision + 1) return false;
    const { vectors } = this.catalog;
    const slots = put.flatMap((row) => (row.kind === 'picture' ? [row.slot] : []));
    const missing = Math.max(0, ...slots.map((slot) => slot + 1)) - vectors.rows;
    if (missing > 0) await this.#readVectors(new Set(slots), missing);
    this.#apply(put, remove, folders);
    this.meta = { ...this.meta, revision };
    return true;
  }

  /** Bytes of all files of the index as one moment has them. For export. */
  inTurn<T>(work: (packs: Packs) => Promise<T>): Promise<T> {
    return this.#inTurn(() => work(this.#packs));
  }

  /**
   * Puts another content in place of all there is, in files of a new generation: until the one transaction at the end,
   * the old content counts.
   * @param write appends to the new files, which are empty, and gives the new rows
   */
  replace(write: (files: Writers) => Promise<{ files: FileRow[]; folders: FolderRow[] }>): Promise<void> {
    return this.#inTurn(async () => {
      const folder = await openPackFolder(this.place.place);
      const generation = this.meta.generation + 1;
      const packs = await openWriters(folder, generation);
      try {
        await packs.vectors.truncate(0);
        await packs.thumbnails.truncate(0);
        await packs.vectors.append(writeHeader(emptyVectors(this.place)));
        const { files, folders } = await write(packs);
        await packs.vectors.flush();
        await packs.thumbnails.flush();
        const meta: MetaRow = { ...this.meta, generation, revision: this.meta.revision + 1, unfinished: false };
        const catalog = await readCatalog(this.place, packs.vectors, folders, files);
        await commitChanges(this.database, { clear: true, put: files, folders: { put: folders }, meta });
        await closePacks(this.#packs);
        this.meta = meta;
        this.catalog = catalog;
        this.#packs = packs;
        this.#writers = packs;
        await removeOtherPacks(folder, generation);
      } catch (error) {
        if (this.#packs !== packs) {
          await closePacks(packs);
          await removeOtherPacks(folder, this.meta.generation);
        }
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => undefined);
    await closePacks(this.#packs);
    this.database.close();
  }

  async #commit({ add = [], remove = [], ended = [], folders, unfinished }: Commit): Promise<Committed> {
    const { vectors, thumbnails } = this.#writers ?? readOnly();
    const ends = [vectors.end, thumbnails.end] as const;
    const fresh = emptyVectors(this.place);
    const put: FileRow[] = [];
    let records: Uint8Array = new Uint8Array(0);
    try {
      for (const addition of add) put.push(await this.#place(addition, fresh));
      if (fresh.rows > 0) {
        records = writeRecords(fresh, 0, fresh.rows);
        await vectors.append(records);
        await vectors.flush();
        await thumbnails.flush();
      }
      const findable = put.length > 0 || remove.length > 0 || folders !== undefined;
      const meta = {
        ...this.meta,
        revision: this.meta.revision + (findable ? 1 : 0),
        unfinished: unfinished ?? this.meta.unfinished,
      };
      await commitChanges(this.database, { put, remove, ended, folders, meta });
      this.meta = meta;
    } catch (error) {
      await vectors.truncate(ends[0]).catch(() => undefined);
      await thumbnails.truncate(ends[1]).catch(() => undefined);
      throw error;
    }
    readRecords(this.catalog.vectors, records);
    this.#apply(put, remove, folders);
    return { revision: this.meta.revision, generation: this.meta.generation, put, remove, folders };
  }

  /** Appends what a row lacks. */
  async #place(addition: Addition, fresh: PackedVectors): Promise<FileRow> {
    const slot = this.catalog.vectors.rows + fresh.rows;
    if ('like' in addition) {
      const { vectors } = this.catalog;
      readRecords(fresh, writeRecords(vectors, addition.like.slot));
      return { ...addition.row, slot, thumb: addition.like.thumb };
    }
    if (!('vector' in addition)) return addition.row;
    fresh.add(addition.vector);
    const { bytes, type } = addition.thumb;
    const at = await this.#writers!.thumbnails.append(bytes);
    return { ...addition.row, slot, thumb: { at, bytes: bytes.length, type } };
  }

  #apply(put: readonly FileRow[], remove: readonly number[], folders: Changes['folders']): void {
    for (const id of folders?.remove ?? []) this.catalog.folders.delete(id);
    for (const row of folders?.put ?? []) this.catalog.folders.set(row.id, row);
    for (const id of remove) this.catalog.remove(id);
    for (const row of put) this.catalog.put(row);
  }

  /** Appends rows that another tab wrote; frees those that have no picture by now. */
  async #readVectors(used: ReadonlySet<number>, count: number): Promise<void> {
    const { vectors } = this.catalog;
    const { dims, rows } = vectors;
    readRecords(vectors, await this.#packs.vectors.read(recordAt(dims, rows), count * recordBytes(dims)));
    freeUnused(vectors, rows, used);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work, work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function readOnly(): never {
  throw new UnsupportedError('Another tab is writing this index; here it can only be read. Close the other tab.');
}

function writersOf(packs: Packs): Writers | null {
  const { vectors, thumbnails } = packs;
  return vectors instanceof PackWriter && thumbnails instanceof PackWriter ? { vectors, thumbnails } : null;
}

function newMeta({ name, modelId, dims }: LibraryPlace): Omit<MetaRow, 'modelName' | 'lastUsed'> {
  return { name, modelId, dims, generation: 1, revision: 0, unfinished: false };
}

async function openWriters(folder: FileSystemDirectoryHandle, generation: number) {
  const vectors = await PackWriter.open(folder, 'vectors', generation);
  try {
    return { vectors, thumbnails: await PackWriter.open(folder, 'thumbnails', generation) };
  } catch (error) {
    await vectors.close();
    throw error;
  }
}

async function closePacks({ vectors, thumbnails }: Packs): Promise<void> {
  await vectors.close().catch(() => undefined);
  await thumbnails.close().catch(() => undefined);
}

async function load(database: Database, place: LibraryPlace, meta: MetaRow, loaded: Loaded, writable: boolean) {
  const folder = await openPackFolder(place.place);
  if (!writable) {
    const packs = {
      vectors: await openPackReader(folder, 'vectors', meta.generation),
      thumbnails: await openPackReader(folder, 'thumbnails', meta.generation),
    };
    const catalog = loaded.files.some(({ kind }) => kind === 'picture')
      ? await readCatalog(place, packs.vectors, loaded.folders, loaded.files)
      : new Catalog(emptyVectors(place), loaded.folders, loaded.files);
    return { packs, catalog };
  }
  await removeOtherPacks(folder, meta.generation);
  const packs = await openWriters(folder, meta.generation);
  try {
    const files = loaded.files.filter((row) => row.kind !== 'picture' || isThere(row, packs, place));
    await cutOrphans(packs, files, place);
    const catalog = await readCatalog(place, packs.vectors, loaded.folders, files);
    // Rows without their bytes (storage that was evicted in part) are forgotten, and their pictures indexed again.
    const lost = loaded.files.filter(({ id }) => !catalog.files.has(id)).map(({ id }) => id);
    if (lost.length > 0) await commitChanges(database, { remove: lost });
    return { packs, catalog };
  } catch (error) {
    await closePacks(packs);
    throw error;
  }
}

function isThere({ slot, thumb }: PictureRow, { vectors, thumbnails }: Writers, { dims }: LibraryPlace): boolean {
  return recordAt(dims, slot + 1) <= vectors.end && thumb.at + thumb.bytes <= thumbnails.end;
}

/** What a crash wrote and no row names. */
async function cutOrphans(packs: Writers, files: readonly FileRow[], place: LibraryPlace) {
  let slots = 0;
  let thumbs = 0;
  for (const row of files) {
    if (row.kind !== 'picture') continue;
    slots = Math.max(slots, row.slot + 1);
    thumbs = Math.max(thumbs, row.thumb.at + row.thumb.bytes);
  }
  if (packs.vectors.end < HEADER_BYTES) {
    await packs.vectors.truncate(0);
    await packs.vectors.append(writeHeader(emptyVectors(place)));
  }
  await packs.vectors.truncate(recordAt(place.dims, slots));
  await packs.thumbnails.truncate(thumbs);
}

function emptyVectors({ dims, modelId }: LibraryPlace): PackedVectors {
  return new PackedVectors({ dims, model: modelId });
}

/** Reads the vectors. A row whose vector is none does not count. */
async function readCatalog(
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

function freeUnused(vectors: PackedVectors, first: number, used: ReadonlySet<number>): void {
  for (let row = first; row < vectors.rows; row++) if (!used.has(row) && vectors.has(row)) vectors.remove(row);
}

/** Whether giving back free rows is worth copying the rest. */
export function isWasteful({ catalog }: Library): boolean {
  const free = catalog.vectors.rows - catalog.vectors.size;
  return free >= COMPACT_ROWS && free * 4 >= catalog.vectors.rows;
}

/** Copies what is in use into new files. */
export async function compact(library: Library): Promise<void> {
  const { catalog } = library;
  await library.replace(async ({ vectors, thumbnails }) => {
    const files: FileRow[] = [];
    const moved = new Map<number, PictureRow['thumb']>();
    let slots = 0;
    for (const row of catalog.files.values()) {
      if (row.kind !== 'picture') {
        files.push(row);
        continue;
      }
      const slot = slots++;
      await vectors.append(writeRecords(catalog.vectors, row.slot));
      const thumb = moved.get(row.thumb.at) ?? {
        ...row.thumb,
        at: await thumbnails.append(await library.readThumbnail(row)),
      };
      moved.set(row.thumb.at, thumb);
      files.push({ ...row, slot, thumb });
    }
    return { files, folders: [...catalog.folders.values()] };
  });
}
