/**
 * @file The worker's side of a photo index: everything except the model, which is held by the page. Expose it with
 * comlink.
 */

import { transfer } from 'comlink';
import { errorToWire } from '../../remote/error-wire';
import { InvalidInputError, SourceNotFoundError, UnsupportedError } from '../../errors';
import { NumberedCalls } from '../../remote/numbered-calls';
import { holdLifeLock } from '../../remote/life-lock';
import type {
  Album,
  DeepReport,
  Facets,
  FolderFile,
  FolderInfo,
  ListOptions,
  PhotoDates,
  PhotoItem,
  PhotoPlaceNames,
  PhotoPlaces,
  PhotoProblem,
  SearchResult,
  Town,
  TownOptions,
  TypedOptions,
} from '../types';
import { Attempts, type Blame } from '../indexing/attempts';
import { openBrowserStorage } from './browser-storage';
import { describeAlbums, type AlbumChanges, type AlbumWish } from './albums';
import { laterAlbums } from './albums-elsewhere';
import { compact, isWasteful } from './compact';
import { exportIndex } from './export';
import { datesOf, facetsOf, find, listPictures, listProblems, type Found, type VectorQuery } from './find';
import { findBoth } from './find-both';
import { passing } from './find-typed';
import type { Opened } from './opened';
import { placesOf } from './places';
import { Folders } from '../indexing/folders';
import { Indexer } from '../indexing/indexer';
import { pixelBuffers } from '../indexing/pixels';
import { makeThumbnail } from '../indexing/thumbnail';
import { importIndex } from './import';
import { Library, type Committed } from './library';
import { exportParquet } from './parquet';
import type { DeepSettings, InnocentWork, OpenSettings, PageHooks, WireSource, WireState } from './protocol';
import { forgetProblems } from './retry';
import type { PictureRow } from './rows';
import { exactGroups, snapshotOf } from './snapshot';
import type { Layout, Snapshot } from '../survey/protocol';
import { OtherTabs, type TabMessage } from './other-tabs';
import { ServiceDeep } from './service-deep';
import { ServiceWords, type WireUnderstood } from './service-words';

/** The shortest time between two reports of the state, in milliseconds. */
const TELL_EVERY = 100;

/** The results, and how long they took. */
type WireFound = Found & Pick<SearchResult, 'revision' | 'phase'> & { milliseconds: number };

export class SearchService {
  #hooks: PageHooks | null = null;
  #settings: OpenSettings | null = null;
  #opened: Opened | null = null;
  #tabs: OtherTabs | null = null;
  #firstWasRunning = false;
  readonly #closing = new AbortController();
  readonly #calls = new NumberedCalls();
  readonly #folders = new Folders();
  #telling: ReturnType<typeof setTimeout> | undefined;
  readonly #words = new ServiceWords({
    catalog: () => this.#open().library.catalog,
    readPlaces: () => this.#hooks!.places(),
    signal: this.#closing.signal,
  });
  readonly #deep = new ServiceDeep({
    opened: () => this.#open(),
    folders: this.#folders,
    hooks: () => this.#hooks!,
    onLayer: () => this.#tabs?.tell({ kind: 'replaced' }),
    onCommit: (committed) => this.#tellOthers(committed),
    onChange: () => this.#changed(),
  });

  connect(hooks: PageHooks, lifeLock: string): Promise<boolean> {
    this.#hooks = hooks;
    return holdLifeLock(lifeLock);
  }

  /**
   * @param patient wait for the lock of a worker that has just ended
   * @returns the session that attempts are recorded under; null if another tab writes
   */
  async open(settings: OpenSettings, patient: boolean): Promise<string | null> {
    this.#settings = settings;
    const tabs = new OtherTabs(settings.place, (message) => this.#follow(message), this.#closing.signal);
    this.#tabs = tabs;
    const writes = await tabs.lock(patient);
    await this.#load(writes, settings.innocent, settings.deep);
    if (!writes) void tabs.takeOver(() => this.#becomeWriter());
    return this.#opened?.attempts?.session ?? null;
  }

  async state(): Promise<WireState> {
    const { library, indexer } = this.#open();
    const { catalog } = library;
    return {
      phase: indexer?.phase ?? 'idle',
      readOnly: indexer === null,
      indexed: catalog.pictures,
      problems: catalog.problems + catalog.deepFailed,
      folders: this.#folders.describe(catalog),
      run: indexer?.progress ? { ...indexer.progress } : null,
      error: indexer?.error ? errorToWire(indexer.error) : null,
      revision: library.meta.revision,
      contentRevision: library.contentRevision,
      albumRevision: library.albumRevision,
      deep: this.#deep.describe(),
    };
  }

  async add(source: WireSource): Promise<FolderInfo> {
    const { library, indexer } = this.#writing();
    await indexer.rewalk();
    const row = await this.#folders.add(source, library.catalog);
    this.#tellOthers(await library.commit({ folders: { put: [row] } }));
    return this.#folders.describe(library.catalog).find(({ id }) => id === row.id)!;
  }

  async removeFolder(folderId: number): Promise<void> {
    const { library, indexer } = this.#writing();
    await indexer.rewalk();
    const remove = [...library.catalog.files.values()].filter((row) => row.folderId === folderId).map(({ id }) => id);
    this.#tellOthers(await library.commit({ remove, folders: { remove: [folderId] } }));
    this.#folders.forget(folderId);
  }

  /** Files of a picked folder, for a worker that takes over. */
  async supply(folderId: number, files: readonly FolderFile[]): Promise<void> {
    this.#folders.supply(folderId, files);
    await this.refreshAccess();
  }

  /** Used by the page to ask for permission, which only pages may do. */
  async folderHandle(folderId: number): Promise<FileSystemDirectoryHandle | null> {
    return this.#open().library.catalog.folders.get(folderId)?.handle ?? null;
  }

  async refreshAccess(): Promise<void> {
    const { catalog } = this.#open().library;
    await this.#folders.refresh(catalog);
    await this.#folders.checkAll(catalog);
    this.#deep.pass?.lookAgain();
    this.#changed();
  }

  async start(): Promise<void> {
    await this.#writing().indexer.start();
  }

  async pause(): Promise<void> {
    await this.#writing().indexer.pause();
  }

  async cancel(): Promise<void> {
    await this.#writing().indexer.cancel();
  }

  async retry(ids: readonly number[] | undefined): Promise<void> {
    const { library, indexer, attempts } = this.#writing();
    await indexer.rewalk();
    this.#tellOthers(await forgetProblems(library, attempts, ids));
    await this.#deep.pass?.retry(ids);
  }

  /** What was typed, split into its parts. */
  understand(typed: string, options: TypedOptions & { now: number }): Promise<WireUnderstood> {
    return this.#words.understand(typed, options);
  }

  /** Searches by words, dates and places alone. */
  async findWords(query: VectorQuery): Promise<WireFound> {
    return this.#timed(() => this.#words.find(query));
  }

  /** Searches with the first pass alone, and for typed queries by their words too. */
  async find(query: VectorQuery): Promise<WireFound> {
    return this.#timed(({ catalog }) => this.#words.findWith(query, (only) => find(catalog, query, { only })));
  }

  /** Searches with both passes. */
  async findBoth(first: VectorQuery, deep: VectorQuery): Promise<WireFound> {
    return this.#timed(({ catalog }) =>
      this.#words.findWith(first, (only) => findBoth(catalog, { first, deep }, only)),
    );
  }

  /**
   * Embeds the first pass's best with the deep model, and the pictures in the query.
   * @returns what was done, and whether the deep model now knows all pictures of the query
   */
  deepen(
    call: number,
    query: VectorQuery,
    { count, seconds }: { count: number; seconds: number },
    onProgress: (done: number, total: number) => void,
  ): Promise<DeepReport & { knowsQuery: boolean }> {
    return this.#calls.run(call, (signal) => {
      const only = passing(query, this.#words.words);
      return this.#deep.deepen(query, { count, seconds, only, signal, onProgress });
    });
  }

  /** Starts to use a deep model, or none. If that fails, the previous one stays. */
  useDeep(settings: DeepSettings | null): Promise<void> {
    return this.#deep.use(settings);
  }

  async startDeep(): Promise<void> {
    this.#writing();
    this.#deep.running.start();
  }

  async pauseDeep(): Promise<void> {
    this.#writing();
    this.#deep.running.pause();
  }

  async forgetDeep(modelId: string): Promise<void> {
    const { library } = this.#writing();
    if (this.#deep.settings?.modelId === modelId) await this.#deep.attach(null);
    await this.#replace(async () => void (await library.forgetLayer(modelId)));
  }

  async list(options: ListOptions): Promise<Uint32Array> {
    return listPictures(this.#open().library.catalog, options);
  }

  async items(ids: readonly number[]): Promise<(PhotoItem | null)[]> {
    const { catalog } = this.#open().library;
    return ids.map((id) => {
      const row = catalog.picture(id);
      return row ? catalog.itemOf(row) : null;
    });
  }

  async dates(ids: Uint32Array): Promise<PhotoDates> {
    return datesOf(this.#open().library.catalog, ids);
  }

  async places(ids: Uint32Array): Promise<PhotoPlaces> {
    return placesOf(this.#open().library.catalog, ids);
  }

  placeNames(call: number, ids: Uint32Array): Promise<PhotoPlaceNames> {
    return this.#calls.run(call, (signal) => this.#words.placeNames(ids, signal));
  }

  towns(options: TownOptions): Promise<Town[]> {
    return this.#words.towns(options);
  }

  async facets(): Promise<Facets> {
    return facetsOf(this.#open().library.catalog);
  }

  async albums(of: readonly number[]): Promise<Album[]> {
    return describeAlbums(this.#open().library.catalog, of);
  }

  /** Returns which album was changed. */
  async changeAlbums(wish: AlbumWish): Promise<number> {
    const { id, changes } = await this.#writing().library.changeAlbums(wish);
    this.#tellAlbums(changes);
    return id;
  }

  async thumbnail(id: number): Promise<Blob> {
    const row = this.#picture(id);
    const { bytes, type } = await this.#open().library.readThumbnail(row);
    return new Blob([bytes], { type });
  }

  async file(id: number): Promise<File> {
    const { library } = this.#open();
    return this.#folders.file(this.#picture(id), library.catalog);
  }

  async problems(): Promise<PhotoProblem[]> {
    return listProblems(this.#open().library.catalog);
  }

  /** Files with the same bytes. */
  async exactGroups(): Promise<number[][]> {
    return exactGroups(this.#open().library.catalog);
  }

  /** A copy of all vectors, for the survey worker. */
  async snapshot(): Promise<Snapshot> {
    const snapshot = snapshotOf(this.#open().library);
    return transfer(snapshot, [snapshot.image.buffer as ArrayBuffer]);
  }

  /** The last map; null if the pictures have changed since. */
  async layout(): Promise<Layout | null> {
    const { library, storage } = this.#open();
    const layout = await storage.loadLayout();
    return layout?.revision === library.contentRevision ? layout : null;
  }

  async keepLayout(layout: Layout): Promise<void> {
    const { indexer, storage } = this.#open();
    if (indexer) await storage.saveLayout(layout);
  }

  export(call: number): Promise<Blob> {
    return this.#calls.run(call, (signal) => exportIndex(this.#open().library, signal));
  }

  exportParquet(call: number): Promise<Blob> {
    return this.#calls.run(call, (signal) => exportParquet(this.#open().library, signal));
  }

  async import(call: number, blob: Blob): Promise<void> {
    const { library, indexer } = this.#writing();
    const wasRunning = indexer.isRunning;
    await indexer.pause();
    await this.#deep.end();
    try {
      await this.#replace(() => this.#calls.run(call, (signal) => importIndex(library, blob, signal)));
    } catch (error) {
      if (wasRunning) await indexer.start();
      this.#deep.begin();
      throw error;
    }
    await indexer.cancel();
    await library.storage.clearAttempts();
    this.#folders.clear(); // the numbers belong to other folders now
    await this.#folders.refresh(library.catalog);
    indexer.progress = null;
    this.#deep.begin();
    this.#changed();
  }

  abort(call: number): void {
    this.#calls.abort(call);
  }

  async clear(): Promise<void> {
    const { library, indexer } = this.#writing();
    await indexer.cancel();
    await this.#deep.end();
    await this.#replace(() => library.replace([], async () => ({ files: [], folders: [], albums: [] })));
    await library.storage.clearAttempts();
    this.#folders.clear();
    indexer.progress = null;
    this.#deep.begin();
    this.#changed();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#telling);
    await this.#deep.end();
    await this.#opened?.indexer?.pause();
    this.#tabs?.leave();
    await this.#opened?.library.close();
    this.#opened = null;
    this.#tabs?.unlock();
  }

  async #load(writable: boolean, innocent: InnocentWork, deep = this.#deep.settings): Promise<void> {
    const { limits, ...place } = this.#settings!;
    const storage = await openBrowserStorage(place.place, () => void this.close());
    const library = await Library.open(place, storage, writable);
    if (writable && isWasteful(library)) await compact(library);
    const attempts = writable ? await Attempts.open(library.storage, blame(innocent)) : null;
    const hooks = this.#hooks!;
    const indexer =
      attempts &&
      new Indexer({
        library,
        attempts,
        limits,
        makeThumbnail,
        takesPixels: this.#settings!.takesPixels,
        transparency: this.#settings!.transparency,
        streamed: this.#settings!.streamed,
        embed: (inputs) => hooks.embed(transfer([...inputs], pixelBuffers(inputs))),
        abortEmbeddings: () => void hooks.abortEmbeddings(),
        onDecoding: (keys) => void hooks.onDecoding(keys),
        onCommit: (committed) => this.#tellOthers(committed),
        onChange: () => this.#firstChanged(),
        sources: () => this.#folders.sources(library.catalog),
        onWalked: (folderId, walk) => this.#folders.walked(folderId, walk, library.catalog),
        checkFolder: (folderId) => this.#folders.check(folderId, library.catalog),
      });
    this.#opened = { storage, library, attempts, indexer };
    await this.#folders.refresh(library.catalog);
    await this.#deep.resume(deep);
    this.#words.prepare();
    void this.#folders.checkAll(library.catalog).then(() => this.#changed());
    // This is not awaited, since another tab may delay reading another index.
    if (writable) void this.#takeAlbums(library).catch(() => undefined);
    this.#changed();
  }

  /** Takes over the albums of the library's other indexes, if they were changed later. */
  async #takeAlbums(library: Library): Promise<void> {
    const later = await laterAlbums(library.place, library.meta.albumsChanged ?? 0);
    if (!later || this.#opened?.library !== library) return;
    if (later.changed <= (library.meta.albumsChanged ?? 0)) return; // they were changed here meanwhile
    this.#tellAlbums(await library.replaceAlbums(later.albums, later.changed));
  }

  /** The deep pass starts when the first one has ended. */
  #firstChanged(): void {
    const isRunning = this.#opened?.indexer?.isRunning ?? false;
    if (this.#firstWasRunning && !isRunning) this.#deep.pass?.lookAgain();
    this.#firstWasRunning = isRunning;
    this.#changed();
  }

  async #timed(run: (library: Library) => Found): Promise<WireFound> {
    const { library, indexer } = this.#open();
    const start = performance.now();
    const found = run(library);
    const at = { revision: library.meta.revision, phase: indexer?.phase ?? 'idle' };
    return { ...found, ...at, milliseconds: performance.now() - start };
  }

  /** Called when no other tab writes any more. */
  async #becomeWriter(): Promise<void> {
    await this.#deep.end();
    await this.#opened?.library.close();
    await this.#load(true, { left: await this.#hooks!.left(), ended: null });
  }

  async #follow(message: TabMessage): Promise<void> {
    const opened = this.#opened;
    if (!opened || opened.indexer) return;
    if (message.kind === 'albums') opened.library.followAlbums(message.changes);
    else if (message.kind !== 'committed' || !(await opened.library.follow(message.committed))) {
      await opened.library.close();
      await this.#load(false, { left: null, ended: null });
    }
    await this.#folders.refresh(this.#open().library.catalog);
    this.#changed();
  }

  async #replace(work: () => Promise<void>): Promise<void> {
    await work();
    this.#tabs?.tell({ kind: 'replaced' });
    this.#changed();
  }

  #tellOthers(committed: Committed): void {
    this.#tabs?.tell({ kind: 'committed', committed });
    this.#changed();
  }

  #tellAlbums(changes: AlbumChanges): void {
    this.#tabs?.tell({ kind: 'albums', changes });
    this.#changed();
  }

  #changed(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      if (this.#opened) void this.state().then((state) => this.#hooks?.onState(state));
    }, TELL_EVERY);
  }

  #picture(id: number): PictureRow {
    const row = this.#open().library.catalog.picture(id);
    if (!row) throw new SourceNotFoundError(`The index has no picture ${id}.`, { id });
    return row;
  }

  #open(): Opened {
    if (!this.#opened) throw new InvalidInputError('The photo index is not open.');
    return this.#opened;
  }

  #writing(): Opened & { attempts: Attempts; indexer: Indexer } {
    const { attempts, indexer, ...opened } = this.#open();
    if (attempts && indexer) return { ...opened, attempts, indexer };
    throw new UnsupportedError('Another tab is writing this index; here it can only be read. Close the other tab.');
  }
}

/** The pictures that may have caused the end of an earlier session. */
function blame({ left, ended }: InnocentWork): Blame {
  return (keys, session) => {
    if (session === left?.session) return left.kind === 'closed' ? null : { keys, alone: false };
    const blamed = session === ended?.session ? keys.filter((key) => ended.decoding.includes(key)) : keys;
    return { keys: blamed, alone: blamed.length === 1 };
  };
}
