/**
 * @file An index at rest and in memory. What is committed is never lost and never half there: first the bytes are
 * appended and flushed, then one transaction writes the rows that say where they lie. Bytes that no row names are what
 * a crash left, and are cut off at the next opening.
 */

import { SourceNotFoundError, UnsupportedError } from '../../errors';
import { type PackedVectors, readRecords, recordAt, recordBytes, writeHeader, writeRecords } from '../vectors';
import type { Catalog } from './catalog';
import { emptyVectors, freeUnused, load, readCatalog } from './loading';
import type { LibraryPlace } from './place';
import type { FileRow, FolderRow, MetaRow, PictureRow } from './rows';
import { closePacks, type Changes, type IndexStorage, type Packs, type Writers } from './storage';

/** A row to be written, and the bytes it does not have yet. */
export type Addition =
  | { row: Exclude<FileRow, PictureRow> }
  /** As it is: its bytes lie there already. */
  | { row: PictureRow }
  | { row: Omit<PictureRow, 'slot' | 'thumb'>; vector: Float32Array; thumb: { bytes: Uint8Array; type: string } | null }
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

export class Library {
  readonly place: LibraryPlace;
  readonly storage: IndexStorage;
  meta: MetaRow;
  catalog: Catalog;
  #packs: Packs;
  /** Null where another tab writes. */
  #writers: Writers | null;
  /** Commits go one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    place: LibraryPlace,
    storage: IndexStorage,
    { meta, catalog, packs, writers }: { meta: MetaRow; catalog: Catalog; packs: Packs; writers: Writers | null },
  ) {
    this.place = place;
    this.storage = storage;
    this.meta = meta;
    this.catalog = catalog;
    this.#packs = packs;
    this.#writers = writers;
  }

  get writable(): boolean {
    return this.#writers !== null;
  }

  /**
   * Opens an index, or makes one.
   * @param storage closed with the library, and where it cannot be opened
   * @param writable only while holding the index's lock
   */
  static async open(place: LibraryPlace, storage: IndexStorage, writable: boolean): Promise<Library> {
    try {
      const loaded = await storage.load();
      const meta = { ...(loaded.meta ?? newMeta(place)), modelName: place.modelName, lastUsed: Date.now() };
      if (writable) await storage.commit({ meta });
      return new Library(place, storage, { meta, ...(await load(storage, place, meta, loaded, writable)) });
    } catch (error) {
      await storage.close();
      throw error;
    }
  }

  /** Writes bytes, then rows; then what was written can be found. @throws StorageFullError; nothing has changed then */
  commit(commit: Commit): Promise<Committed> {
    return this.#inTurn(() => this.#commit(commit));
  }

  /** @throws SourceNotFoundError */
  async readThumbnail({ id, thumb }: PictureRow): Promise<{ bytes: Uint8Array<ArrayBuffer>; type: string }> {
    if (!thumb) throw new SourceNotFoundError(`The picture ${id} was indexed without a thumbnail.`, { id });
    return { bytes: await this.#packs.thumbnails.read(thumb.at, thumb.bytes), type: thumb.type };
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
      const generation = this.meta.generation + 1;
      const packs = await this.storage.openWriters(generation);
      try {
        await packs.vectors.truncate(0);
        await packs.thumbnails.truncate(0);
        await packs.vectors.append(writeHeader(emptyVectors(this.place)));
        const { files, folders } = await write(packs);
        await packs.vectors.flush();
        await packs.thumbnails.flush();
        const meta: MetaRow = { ...this.meta, generation, revision: this.meta.revision + 1, unfinished: false };
        const catalog = await readCatalog(this.place, packs.vectors, folders, files);
        await this.storage.commit({ clear: true, put: files, folders: { put: folders }, meta });
        await closePacks(this.#packs);
        this.meta = meta;
        this.catalog = catalog;
        this.#packs = packs;
        this.#writers = packs;
        await this.storage.removeOthers(generation);
      } catch (error) {
        if (this.#packs !== packs) {
          await closePacks(packs);
          await this.storage.removeOthers(this.meta.generation);
        }
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => undefined);
    await closePacks(this.#packs);
    await this.storage.close();
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
      await this.storage.commit({ put, remove, ended, folders, meta });
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
    if (addition.thumb === null) return { ...addition.row, slot, thumb: null };
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

function newMeta({ name, modelId, dims }: LibraryPlace): Omit<MetaRow, 'modelName' | 'lastUsed'> {
  return { name, modelId, dims, generation: 1, revision: 0, unfinished: false };
}
