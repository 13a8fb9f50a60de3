/**
 * @file An index in storage and in memory. What is committed is never lost and never incomplete: first the bytes are
 * appended and flushed, then one transaction writes the rows that say where they are. Bytes that no row names were
 * left by a crash, and are removed at the next opening.
 */

import { InvalidInputError, SourceNotFoundError, UnsupportedError } from '../../errors';
import { TaskQueue } from '../../task-queue';
import { type PackedVectors, readRecords, recordAt, recordBytes, writeHeader } from '../vectors';
import { edited, granted, type AlbumChanges, type AlbumWish } from './albums';
import { Appends, type Addition, type DeepAddition } from './appends';
import type { Catalog } from './catalog';
import { layerKey, layersOf, slotIn, withEntry } from './layers';
import { emptyVectors, freeUnused, load, readCatalog, readVectors, type Content } from './loading';
import type { LibraryPlace } from './place';
import type { AlbumRow, FileRow, LayerRow, MetaRow, PictureRow } from './rows';
import {
  closedOnError,
  closePacks,
  layerFilesOf,
  openAllWriters,
  type AllPacks,
  type AllWriters,
  type Changes,
  type IndexStorage,
  type PackReader,
} from './storage';
import { Shelf } from './shelf';

export type { Addition } from './appends';

/** A model whose vectors an index is to hold beside those of its own. */
export type DeepModel = Omit<LayerRow, 'key'>;

export interface Commit {
  add?: readonly Addition[];
  /** The layer in use. */
  deep?: readonly DeepAddition[];
  remove?: readonly number[];
  ended?: readonly string[];
  folders?: Changes['folders'];
  unfinished?: boolean;
}

/** What other tabs are told about a commit. */
export interface Committed {
  revision: number;
  generation: number;
  contentRevision: number;
  put: readonly FileRow[];
  remove: readonly number[];
  folders: Changes['folders'];
  albums?: AlbumChanges;
}

export class Library {
  readonly place: LibraryPlace;
  readonly storage: IndexStorage;
  meta: MetaRow;
  catalog: Catalog;
  #packs: AllPacks;
  /** Null if another tab writes. */
  #writers: AllWriters | null;
  /** Commits happen one after another. */
  readonly #turns = new TaskQueue();
  #albumRevision = 0;

  private constructor(
    place: LibraryPlace,
    storage: IndexStorage,
    { meta, catalog, packs, writers }: { meta: MetaRow; catalog: Catalog; packs: AllPacks; writers: AllWriters | null },
  ) {
    this.place = place;
    this.storage = storage;
    this.meta = meta;
    this.catalog = catalog;
    this.#packs = packs;
    this.#writers = writers;
  }

  /** Grows when pictures are added, changed or removed, but not when the deep model has embedded one. */
  get contentRevision(): number {
    return this.meta.contentRevision ?? this.meta.revision;
  }

  get writable(): boolean {
    return this.#writers !== null;
  }

  /**
   * Opens an index, or creates one.
   * @param storage closed with the library, and if it cannot be opened
   * @param writable only while holding the index's lock
   */
  static async open(place: LibraryPlace, storage: IndexStorage, writable: boolean): Promise<Library> {
    return closedOnError(storage, async () => {
      const loaded = await storage.load();
      const meta = { ...(loaded.meta ?? newMeta(place)), modelName: place.modelName, lastUsed: Date.now() };
      if (writable) await storage.commit({ meta });
      return new Library(place, storage, { meta, ...(await load(storage, place, meta, loaded, writable)) });
    });
  }

  /**
   * Writes bytes, then rows; after that, the pictures can be found. @throws StorageFullError; nothing has changed then
   */
  commit(commit: Commit): Promise<Committed> {
    return this.#turns.add(() => this.#commit(commit));
  }

  /** @throws SourceNotFoundError */
  async readThumbnail({ id, thumb }: PictureRow): Promise<{ bytes: Uint8Array<ArrayBuffer>; type: string }> {
    if (!thumb) throw new SourceNotFoundError(`The picture ${id} was indexed without a thumbnail.`, { id });
    return { bytes: await this.#packs.thumbnails.read(thumb.at, thumb.bytes), type: thumb.type };
  }

  /** The record of a vector in a layer's file. @throws SourceNotFoundError */
  readRecord(key: string, slot: number): Promise<Uint8Array<ArrayBuffer>> {
    const { dims } = layersOf(this.meta).find((layer) => layer.key === key)!;
    return this.#packs.layers.get(key)!.read(recordAt(dims, slot), recordBytes(dims));
  }

  /** Takes over what another tab committed. Resolves to false if it does not continue what is known here. */
  async follow({ revision, generation, contentRevision, put, remove, folders, albums }: Committed): Promise<boolean> {
    if (generation !== this.meta.generation || revision !== this.meta.revision + 1) return false;
    const pictures = put.filter((row) => row.kind === 'picture');
    await readMissing(this.catalog.vectors, this.#packs.vectors, new Set(pictures.map(({ slot }) => slot)));
    const { deep } = this.catalog;
    const slots = new Set(deep ? pictures.flatMap((row) => slotIn(row, deep.key) ?? []) : []);
    if (deep && slots.size > 0) {
      const pack = this.#packs.layers.get(deep.key);
      if (!pack) return false;
      await readMissing(deep.shelf.vectors, pack, slots);
    }
    this.#apply(put, remove, folders);
    this.followAlbums(albums);
    this.meta = { ...this.meta, revision, contentRevision };
    return true;
  }

  /** Grows when favourites or albums change. Counts only in this opening. */
  get albumRevision(): number {
    return this.#albumRevision;
  }

  /**
   * Changes favourites and albums.
   * @returns which album was changed, and what to tell other tabs
   * @throws InvalidInputError for an impossible request, StorageFullError; nothing has changed then
   */
  changeAlbums(wish: AlbumWish): Promise<{ id: number; changes: AlbumChanges }> {
    return this.#turns.add(async () => {
      if (!this.#writers) readOnly();
      const { id, changes } = granted(this.catalog, wish);
      await this.#commitAlbums(changes, Date.now());
      return { id, changes };
    });
  }

  /** Replaces all favourites and albums. @param changed when they were, in milliseconds since 1970 */
  replaceAlbums(rows: readonly AlbumRow[], changed: number): Promise<AlbumChanges> {
    return this.#turns.add(async () => {
      if (!this.#writers) readOnly();
      const changes = { remove: this.catalog.albums.rows.map(({ id }) => id), put: rows };
      await this.#commitAlbums(changes, changed);
      return changes;
    });
  }

  /** Takes over changes made to them here or in another tab. */
  followAlbums(changes: AlbumChanges | undefined): void {
    if (!changes) return;
    this.catalog.albums.apply(changes);
    this.#albumRevision++;
  }

  /** The bytes of all files of the index at one point in time, for export. */
  inTurn<T>(work: (packs: AllPacks) => Promise<T>): Promise<T> {
    return this.#turns.add(() => work(this.#packs));
  }

  /**
   * Starts to use a model's vectors beside the index's own, as many as it has by now, or uses none. For a model that is
   * new here, a layer is created.
   * @returns whether one was created
   * @throws InvalidInputError for the index's own model, and if the length of its vectors has changed;
   *   RangeError if memory is short
   */
  attach(model: DeepModel | null): Promise<boolean> {
    return this.#turns.add(async () => {
      this.catalog.attach(null);
      if (!model) return false;
      if (model.modelId === this.place.modelId) throw new InvalidInputError("It is the index's own model.");
      const key = await layerKey(model.modelId);
      const known = layersOf(this.meta).find((layer) => layer.key === key);
      if (known && known.dims !== model.dims) {
        throw new InvalidInputError(
          `Its vectors have ${model.dims} dimensions; those of the index have ${known.dims}.`,
        );
      }
      if (!known && this.#writers) await this.#beginLayer({ ...model, key }, this.#writers);
      await this.#readLayer({ ...model, key });
      return !known && this.#writers !== null;
    });
  }

  /** Forgets all vectors of a model other than the index's own. Resolves to whether there was such a layer. */
  forgetLayer(modelId: string): Promise<boolean> {
    return this.#turns.add(async () => {
      const { layers } = this.#writers ?? readOnly();
      const layer = layersOf(this.meta).find((each) => each.modelId === modelId);
      if (!layer) return false;
      const { key } = layer;
      if (this.catalog.deep?.key === key) this.catalog.attach(null);
      const put = [...this.catalog.files.values()].flatMap((row) =>
        row.kind === 'picture' && row.deep?.[key] ? [withEntry(row, key, null)] : [],
      );
      const left = layersOf(this.meta).filter((each) => each !== layer);
      const { contentRevision } = this;
      const meta = { ...this.meta, layers: left, revision: this.meta.revision + 1, contentRevision };
      await this.storage.commit({ put, meta });
      this.meta = meta;
      this.#apply(put, [], undefined);
      await layers.get(key)?.close();
      layers.delete(key);
      await this.storage.removeOthers(
        meta.generation,
        left.map((each) => each.key),
      );
      return true;
    });
  }

  /**
   * Replaces all contents, in files of a new generation: until the one transaction at the end, the old contents count.
   * @param layers that the new content has; one in use is kept
   * @param write appends to the new files, which hold no vectors yet, and returns the new rows
   */
  replace(
    layers: readonly LayerRow[],
    write: (files: AllWriters) => Promise<Content & { albumsChanged?: number }>,
  ): Promise<void> {
    return this.#turns.add(async () => {
      const generation = this.meta.generation + 1;
      const attached = layersOf(this.meta).find(({ key }) => key === this.catalog.deep?.key);
      const kept = attached && !layers.some(({ key }) => key === attached.key) ? [...layers, attached] : layers;
      const packs = await openAllWriters(this.storage, generation, kept);
      try {
        await packs.vectors.truncate(0);
        await packs.thumbnails.truncate(0);
        await packs.vectors.append(writeHeader(emptyVectors(this.place)));
        for (const layer of kept) {
          const pack = packs.layers.get(layer.key)!;
          await pack.truncate(0);
          await pack.append(writeHeader(emptyVectors(layer)));
        }
        const content = await write(packs);
        const { files, folders, albums, albumsChanged } = content;
        for (const pack of [packs.vectors, packs.thumbnails, ...packs.layers.values()]) await pack.flush();
        const revision = this.meta.revision + 1;
        const contentRevision = revision;
        const meta = {
          ...this.meta,
          generation,
          revision,
          contentRevision,
          unfinished: false,
          layers: kept,
          albumsChanged,
        };
        const catalog = await readCatalog(this.place, packs.vectors, content);
        await this.storage.commit({
          ...{ clear: true, put: files, folders: { put: folders }, albums: { put: albums }, meta },
        });
        await closePacks(this.#packs);
        this.meta = meta;
        this.catalog = catalog;
        this.#albumRevision++;
        this.#packs = packs;
        this.#writers = packs;
        await this.storage.removeOthers(
          generation,
          kept.map(({ key }) => key),
        );
      } catch (error) {
        if (this.#packs !== packs) {
          await closePacks(packs);
          await this.storage.removeOthers(
            this.meta.generation,
            layersOf(this.meta).map(({ key }) => key),
          );
        }
        throw error;
      }
      if (attached) await this.#readLayer(attached);
    });
  }

  async close(): Promise<void> {
    await this.#turns.add(async () => undefined);
    await closePacks(this.#packs);
    await this.storage.close();
  }

  async #commit({ add = [], deep = [], remove = [], ended = [], folders, unfinished }: Commit): Promise<Committed> {
    const key = this.catalog.deep?.key;
    if (deep.length > 0 && key === undefined) throw new InvalidInputError('The index has no deep model in use.');
    const appends = new Appends(this.#writers ?? readOnly(), this.catalog, this.place, this.meta);
    const put: FileRow[] = [];
    let albums: AlbumChanges | undefined;
    try {
      for (const addition of add) put.push(await appends.place(addition));
      for (const addition of deep) put.push(...[appends.placeDeep(addition, key!) ?? []].flat());
      await appends.flush();
      albums = edited(this.catalog, put);
      const changes = add.length > 0 || remove.length > 0 || folders !== undefined;
      const revision = this.meta.revision + (changes || put.length > 0 ? 1 : 0);
      const meta = {
        ...this.meta,
        revision,
        contentRevision: changes ? revision : this.contentRevision,
        unfinished: unfinished ?? this.meta.unfinished,
      };
      await this.storage.commit({ put, remove, ended, folders, albums, meta });
      this.meta = meta;
    } catch (error) {
      await appends.undo();
      throw error;
    }
    appends.remember();
    this.#apply(put, remove, folders);
    this.followAlbums(albums);
    const { revision, generation } = this.meta;
    return { revision, generation, contentRevision: this.contentRevision, put, remove, folders, albums };
  }

  async #commitAlbums(albums: AlbumChanges, albumsChanged: number): Promise<void> {
    const meta = { ...this.meta, albumsChanged };
    await this.storage.commit({ albums, meta });
    this.meta = meta;
    this.followAlbums(albums);
  }

  async #beginLayer(layer: LayerRow, { layers }: AllWriters): Promise<void> {
    const pack = await layerFilesOf(this.storage).openWriter(layer, this.meta.generation);
    try {
      await pack.truncate(0);
      await pack.append(writeHeader(emptyVectors(layer)));
      await pack.flush();
      const meta = { ...this.meta, layers: [...layersOf(this.meta), layer] };
      await this.storage.commit({ meta });
      this.meta = meta;
    } catch (error) {
      await pack.close();
      throw error;
    }
    layers.set(layer.key, pack);
  }

  /** Loads a layer into memory. An invalid vector does not count. */
  async #readLayer({ key, ...model }: LayerRow): Promise<void> {
    const pack = this.#packs.layers.get(key);
    const pictures = [...this.catalog.files.values()].filter((row) => row.kind === 'picture');
    const used = new Set(pictures.flatMap((row) => slotIn(row, key) ?? []));
    const vectors = pack ? await readVectors(model, pack, used) : emptyVectors(model);
    const sound = pictures.flatMap((row) => {
      const slot = slotIn(row, key);
      return slot === undefined || vectors.has(slot) ? [] : [withEntry(row, key, null)];
    });
    if (sound.length > 0 && this.#writers) await this.storage.commit({ put: sound });
    this.#apply(sound, [], undefined);
    this.catalog.attach({ key, shelf: new Shelf(vectors) });
  }

  #apply(put: readonly FileRow[], remove: readonly number[], folders: Changes['folders']): void {
    for (const id of folders?.remove ?? []) this.catalog.folders.delete(id);
    for (const row of folders?.put ?? []) this.catalog.folders.set(row.id, row);
    for (const id of remove) this.catalog.remove(id);
    for (const row of put) this.catalog.put(row);
  }
}

/**
 * Appends rows that another tab wrote; frees those that no longer have a picture. @param used the rows that have one
 */
async function readMissing(vectors: PackedVectors, pack: PackReader, used: ReadonlySet<number>): Promise<void> {
  const { dims, rows } = vectors;
  let end = rows;
  for (const slot of used) end = Math.max(end, slot + 1);
  if (end === rows) return;
  readRecords(vectors, await pack.read(recordAt(dims, rows), (end - rows) * recordBytes(dims)));
  freeUnused(vectors, rows, used);
}

function readOnly(): never {
  throw new UnsupportedError('Another tab is writing this index; here it can only be read. Close the other tab.');
}

function newMeta({ name, modelId, dims }: LibraryPlace): Omit<MetaRow, 'modelName' | 'lastUsed'> {
  return { name, modelId, dims, generation: 1, revision: 0, unfinished: false };
}
