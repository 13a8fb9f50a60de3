/**
 * @file An index in a folder on disk. Changes go to a journal; from time to time, and at the end, all rows are written
 * under a new name, and `index.json` is put in place by renaming. Whenever the process is interrupted, the existing
 * manifest and the journal that belongs to it give the complete state.
 */

import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { TaskQueue } from '../../task-queue';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SourceNotFoundError } from '../../errors';
import { makeFolder } from '../../store/write-errors.node.js';
import { syncFolder } from '../../store/folder-reader.node.js';
import { replaceFile, writeDurably } from '../../store/write-whole.node.js';
import {
  LOCAL_FOLDER,
  MANIFEST_NAME,
  writeManifest,
  type FolderManifest,
  type ManifestRows,
  type ManifestVectors,
} from '../library/folder-manifest';
import { checkModel, type IndexModel } from '../library/index-model';
import { layerKey, layersOf } from '../library/layers';
import type { AttemptRow, LayerRow, MetaRow } from '../library/rows';
import {
  closedOnError,
  type Changes,
  type IndexStorage,
  type Loaded,
  type PackReader,
  type Packs,
  type PackWriter,
  type Writers,
} from '../library/storage';
import { coarseAt, fineAt } from '../vectors';
import {
  isOfSnapshot,
  isPack,
  journalPath,
  placesPath,
  thumbnailsPath,
  VECTORS_FOLDER,
  vectorPaths,
} from './folder-files.node.js';
import { openPackReader, openPackWriter, openSplitReader, openSplitWriter } from './disk-pack.node.js';
import { apply, emptyState, readState, written, type Entry, type FolderState } from './folder-state.node.js';
import { JournalWriter } from './journal.node.js';

/** A journal longer than this is merged into the rows. */
const MOST_JOURNAL = 16 << 20;

export interface FolderStorageOptions {
  /** Only while holding the index's lock. */
  writable: boolean;
  /** Required if there is no index yet; an index of another model is refused. */
  model?: IndexModel;
}

export class FolderStorage implements IndexStorage {
  /** The model that made its vectors. */
  readonly indexed: IndexModel;
  readonly #folder: string;
  /** The model's key in the names of files. */
  readonly #key: string;
  readonly #writable: boolean;
  #state: FolderState = emptyState();
  #snapshot = 0;
  #rows: ManifestRows | null = null;
  /** Whether rows or folders have changed since they were written. */
  #rowsChanged = true;
  #journal: JournalWriter | null = null;
  /** The files open for writing, by path, for their lengths. */
  readonly #writers = new Map<string, PackWriter>();
  /** Writes happen one after another. */
  readonly #turns = new TaskQueue();

  private constructor(folder: string, indexed: IndexModel, key: string, writable: boolean) {
    this.#folder = folder;
    this.indexed = indexed;
    this.#key = key;
    this.#writable = writable;
  }

  /**
   * @throws SourceNotFoundError if there is none and no model to start one with
   * @throws IndexFormatError, IntegrityError for a damaged index; UnsupportedError for one of a later version, or of another
   *   model
   */
  static async open(folder: string, options: FolderStorageOptions): Promise<FolderStorage> {
    const found = await readState(folder);
    const [of] = found?.manifest.vectors ?? [];
    const indexed = of ? { id: of.model, name: of.modelName, dims: of.dims } : options.model;
    if (!indexed) {
      throw new SourceNotFoundError(
        `There is no index in ${folder}. Create one: vlm2vec index <folder> --out ${folder} --model <bundle>`,
        { folder },
      );
    }
    if (options.model) checkModel(indexed, options.model, `The index in ${folder}`);
    const storage = new FolderStorage(folder, indexed, await layerKey(indexed.id), options.writable);
    if (found) {
      storage.#state = found.state;
      storage.#snapshot = found.manifest.snapshot;
      storage.#rows = found.manifest.rows;
      const { packed } = found.manifest.rows; // earlier versions wrote none
      storage.#rowsChanged = !packed || (await storage.#size(packed.path)) !== packed.bytes;
    }
    if (options.writable) {
      for (const name of [VECTORS_FOLDER, LOCAL_FOLDER]) await makeFolder(join(folder, name));
      storage.#journal = await JournalWriter.open(journalPath(folder, storage.#snapshot), found?.journal ?? 0);
      storage.#rowsChanged ||= storage.#journal.bytes > 0;
      await closedOnError(storage.#journal, () => storage.#removeStrays());
    }
    return storage;
  }

  /** The value of `--model` when it was last indexed. */
  get model(): string | null {
    return this.#state.model;
  }

  setModel(model: string): Promise<void> {
    return this.#write({ kind: 'model', model });
  }

  readonly layerFiles = {
    openReader: ({ key, dims }: Pick<LayerRow, 'key' | 'dims'>, generation: number): Promise<PackReader> => {
      const { coarse, fine } = vectorPaths(key, generation);
      return openSplitReader(dims, this.#at(coarse), this.#at(fine));
    },
    openWriter: async ({ key, dims }: Pick<LayerRow, 'key' | 'dims'>, generation: number): Promise<PackWriter> => {
      const { coarse, fine } = vectorPaths(key, generation);
      const pack = await openSplitWriter(dims, this.#at(coarse), this.#at(fine));
      this.#writers.set(coarse, pack);
      return pack;
    },
  };

  async load(): Promise<Loaded> {
    const { meta, folders, files, albums } = this.#state;
    return { meta, folders: [...folders.values()], files: [...files.values()], albums: [...albums.values()] };
  }

  async commit({ folders, ...changes }: Changes): Promise<void> {
    const { put = [], remove = [], clear = false } = changes;
    if (clear || put.length > 0 || remove.length > 0 || folders || changes.albums) this.#rowsChanged = true;
    const of = folders && { put: folders.put?.map(written), remove: folders.remove };
    await this.#write({ kind: 'changes', changes: { ...changes, ...(of && { folders: of }) } });
  }

  async loadAttempts(): Promise<AttemptRow[]> {
    return [...this.#state.attempts.values()];
  }

  putAttempts(rows: readonly AttemptRow[]): Promise<void> {
    return this.#write({ kind: 'attempts', rows });
  }

  clearAttempts(): Promise<void> {
    return this.#write({ kind: 'no-attempts' });
  }

  async openReaders(generation: number): Promise<Packs> {
    const vectors = await this.layerFiles.openReader(this.#own(), generation);
    return opened(vectors, () => openPackReader(this.#at(thumbnailsPath(generation))));
  }

  async openWriters(generation: number): Promise<Writers> {
    const vectors = await this.layerFiles.openWriter(this.#own(), generation);
    const packs = await opened(vectors, () => openPackWriter(this.#at(thumbnailsPath(generation))));
    this.#writers.set(thumbnailsPath(generation), packs.thumbnails);
    return packs;
  }

  async removeOthers(generation: number, layers: readonly string[]): Promise<void> {
    const vectors = [this.#key, ...layers].map((key) => Object.values(vectorPaths(key, generation)));
    const keep = new Set([thumbnailsPath(generation), ...vectors.flat()]);
    const others = (await readdir(this.#at(VECTORS_FOLDER))).map((name) => `${VECTORS_FOLDER}/${name}`);
    for (const path of [...others, ...(await readdir(this.#folder))]) {
      if (!isPack(path) || keep.has(path)) continue;
      this.#writers.delete(path);
      await rm(this.#at(path), { force: true });
    }
  }

  /** Merges the journal into the rows. */
  async close(): Promise<void> {
    if (!this.#journal) return;
    await this.#turns
      .add(async () => {
        if (this.#journal!.bytes > 0) await this.#writeSnapshot();
      })
      .finally(() => this.#journal?.close());
    this.#journal = null;
  }

  #write(entry: Entry): Promise<void> {
    return this.#turns.add(async () => {
      const journal = this.#journal!;
      // If everything is replaced, the rows need not be written twice, and a journal is not valid without a manifest.
      // The first albums of an index must be announced in the manifest: programs that do not know albums have to keep
      // away.
      const { albums } = this.#state;
      const isWhole =
        entry.kind === 'changes' && (entry.changes.clear || (entry.changes.albums !== undefined && albums.size === 0));
      if (isWhole || this.#snapshot === 0) {
        const before = copy(this.#state);
        apply(this.#state, entry);
        try {
          await this.#writeSnapshot();
        } catch (error) {
          this.#state = before;
          throw error;
        }
        return;
      }
      // The record of what was in progress matters only if this process crashes; no written data depends on it.
      await journal.append(entry, { durable: entry.kind === 'changes' });
      apply(this.#state, entry);
      if (journal.bytes > MOST_JOURNAL) await this.#writeSnapshot();
    });
  }

  /** Writes rows, places and an empty journal under new names, then the manifest that names them. */
  async #writeSnapshot(): Promise<void> {
    const { meta, attempts } = this.#state;
    if (!meta) return;
    const snapshot = this.#snapshot + 1;
    const rows = this.#rowsChanged || !this.#rows ? await this.#writeRows(snapshot) : this.#rows;
    await writeDurably(placesPath(this.#folder, snapshot), this.#placesJson());
    const journal = await JournalWriter.open(journalPath(this.#folder, snapshot), 0);
    try {
      if (attempts.size > 0)
        await journal.append({ kind: 'attempts', rows: [...attempts.values()] }, { durable: true });
      const hasAlbums = this.#state.albums.size > 0;
      const text = writeManifest(await this.#manifest(meta, snapshot, rows), { hasAlbums });
      const path = this.#at(MANIFEST_NAME);
      await replaceFile(path, text, `${path}.new`);
    } catch (error) {
      await journal.close();
      throw error;
    }
    await syncFolder(this.#folder);
    await this.#journal!.close();
    this.#journal = journal;
    this.#snapshot = snapshot;
    this.#rows = rows;
    this.#rowsChanged = false;
    await this.#removeStrays();
  }

  async #writeRows(snapshot: number): Promise<ManifestRows> {
    const { folders, files, albums } = this.#state;
    const lines = (values: Iterable<unknown>) => Array.from(values, (value) => JSON.stringify(value)).join(',\n');
    const named = Array.from(folders.values(), ({ id, name, found }) => ({ id, name, found }));
    const more = albums.size > 0 ? `,"albums":[\n${lines(albums.values())}\n]` : '';
    const text = `{"folders":[\n${lines(named)}\n],"files":[\n${lines(files.values())}\n]${more}}\n`;
    const content = Buffer.from(text);
    const compressed = await promisify(deflate)(content);
    const path = `rows-${snapshot}.json`;
    const packed = { path: `rows-${snapshot}.bin`, bytes: compressed.length };
    await writeDurably(this.#at(path), content);
    await writeDurably(this.#at(packed.path), compressed);
    return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex'), packed };
  }

  #placesJson(): string {
    const places = Array.from(this.#state.folders.values(), written).filter(({ path }) => path !== null);
    return `${JSON.stringify({ model: this.#state.model, folders: places.map(({ id, path }) => ({ id, path })) })}\n`;
  }

  async #manifest(meta: MetaRow, snapshot: number, rows: FolderManifest['rows']): Promise<FolderManifest> {
    const { name, generation, revision, contentRevision = revision, unfinished } = meta;
    let pictures = 0;
    for (const { kind } of this.#state.files.values()) if (kind === 'picture') pictures++;
    const thumbnails = thumbnailsPath(generation);
    const bytes = this.#writers.get(thumbnails)?.end ?? (await this.#size(thumbnails));
    const layers = await Promise.all(layersOf(meta).map((layer) => this.#vectors(layer, generation)));
    return {
      ...{
        name,
        updated: new Date(meta.lastUsed).toISOString(),
        pictures,
        problems: this.#state.files.size - pictures,
      },
      ...{ revision, contentRevision, generation, snapshot, unfinished, rows },
      thumbnails: { path: thumbnails, bytes },
      vectors: [await this.#vectors({ key: this.#key, ...meta }, generation), ...layers],
    };
  }

  async #vectors({ key, modelId, modelName, dims }: LayerRow, generation: number): Promise<ManifestVectors> {
    const { coarse, fine } = vectorPaths(key, generation);
    const end = this.#writers.get(coarse)?.end;
    const bytes = async (path: string, at: typeof coarseAt) => (end === undefined ? this.#size(path) : at(dims, end));
    return {
      ...{ key, model: modelId, modelName, dims },
      coarse: { path: coarse, bytes: await bytes(coarse, coarseAt) },
      fine: { path: fine, bytes: await bytes(fine, fineAt) },
    };
  }

  #own(): Pick<LayerRow, 'key' | 'dims'> {
    return { key: this.#key, dims: this.indexed.dims };
  }

  async #size(path: string): Promise<number> {
    return (await stat(this.#at(path)).catch(() => null))?.size ?? 0;
  }

  #at(path: string): string {
    return join(this.#folder, path);
  }

  /** Removes the files of other snapshots. */
  async #removeStrays(): Promise<void> {
    if (!this.#writable) return;
    const local = (path: string) => `${LOCAL_FOLDER}/${basename(path)}`;
    const [journal, places] = [journalPath('', this.#snapshot), placesPath('', this.#snapshot)];
    const keep = new Set([this.#rows?.path, this.#rows?.packed?.path, local(journal), local(places)]);
    const others = (await readdir(this.#at(LOCAL_FOLDER))).map(local);
    for (const path of [...others, ...(await readdir(this.#folder))]) {
      if (isOfSnapshot(path) && !keep.has(path)) await rm(this.#at(path), { force: true });
    }
  }
}

function copy({ meta, folders, files, attempts, albums, model }: FolderState): FolderState {
  return {
    ...{ meta, model, folders: new Map(folders), files: new Map(files) },
    ...{ attempts: new Map(attempts), albums: new Map(albums) },
  };
}

async function opened<P extends Packs['vectors']>(
  vectors: P,
  openThumbnails: () => Promise<P>,
): Promise<{ vectors: P; thumbnails: P }> {
  return closedOnError(vectors, async () => ({ vectors, thumbnails: await openThumbnails() }));
}
