/** @file The worker's side of a photo index: all but the model, which the page has. Expose it with comlink. */

import { transfer } from 'comlink';
import { errorToWire, type WireError } from '../../remote/error-wire';
import { InvalidInputError, SourceNotFoundError, UnsupportedError } from '../../errors';
import { NumberedCalls } from '../../remote/numbered-calls';
import { lockName } from '../../store/locks';
import { holdLifeLock } from '../../remote/life-lock';
import { DeepPass } from '../deep/deep-pass';
import { Elsewhere } from '../deep/elsewhere';
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
  Understood,
} from '../types';
import { Attempts, type Blame } from '../indexing/attempts';
import { openBrowserStorage, type BrowserStorage } from './browser-storage';
import { describeAlbums, type AlbumChanges, type AlbumWish } from './albums';
import { laterAlbums } from './albums-elsewhere';
import { compact, isWasteful } from './compact';
import { exportIndex } from './export';
import {
  datesOf,
  facetsOf,
  find,
  listPictures,
  listProblems,
  type Found,
  type VectorPart,
  type VectorQuery,
} from './find';
import { findBoth, shortlist } from './find-both';
import { findTyped, hasPlaces, passing, understandFor, wantsPlaces, type Ranked } from './find-typed';
import { Gazetteer } from '../places/gazetteer';
import { Places } from '../places/areas';
import { Turns } from '../turns';
import { WordSearch } from '../words/match';
import type { Matching } from '../query/understand';
import { slotIn } from './layers';
import { placeNamesOf, placesOf, townsOf } from './places';
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

/** States are told at most so often, in milliseconds. */
const TELL_EVERY = 100;
/** A search waits no longer for names of places; the next one may have them. */
const PLACES_PATIENCE = 5000;
/** A worker that ended keeps its lock for a moment. */
const LOCK_PATIENCE = 10_000;

/** Between tabs: what was committed, or that nothing follows on what was before. */
type Message =
  { kind: 'committed'; committed: Committed } | { kind: 'albums'; changes: AlbumChanges } | { kind: 'replaced' };

/** Everything that a state of being open has. */
interface Opened {
  storage: BrowserStorage;
  library: Library;
  attempts: Attempts | null;
  indexer: Indexer | null;
}

/** What was found, and how long that took. */
type WireFound = Found & Pick<SearchResult, 'revision' | 'phase'> & { milliseconds: number };

export class SearchService {
  #hooks: PageHooks | null = null;
  #settings: OpenSettings | null = null;
  #opened: Opened | null = null;
  /** Null without a deep model, and where another tab writes. */
  #deep: DeepPass | null = null;
  #firstWasRunning = false;
  /** Null while it is looked for. */
  #elsewhere: Elsewhere | null = null;
  #unlock: (() => void) | null = null;
  #channel: BroadcastChannel | null = null;
  readonly #closing = new AbortController();
  readonly #calls = new NumberedCalls();
  readonly #folders = new Folders();
  readonly #words = new WordSearch();
  /** Under way or done; null before, and where it failed. */
  #placesRead: Promise<void> | null = null;
  #telling: ReturnType<typeof setTimeout> | undefined;
  /** Messages of other tabs are worked through one after another. */
  #following: Promise<void> = Promise.resolve();

  connect(hooks: PageHooks, lifeLock: string): Promise<boolean> {
    this.#hooks = hooks;
    return holdLifeLock(lifeLock);
  }

  /**
   * @param patient wait for the lock of a worker that has just ended
   * @returns the session that attempts are recorded under; null where another tab writes
   */
  async open(settings: OpenSettings, patient: boolean): Promise<string | null> {
    this.#settings = settings;
    this.#channel = new BroadcastChannel(settings.place);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => {
      this.#following = this.#following.then(() => this.#follow(data)).catch(() => undefined);
    };
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(patient ? LOCK_PATIENCE : 1)]);
    this.#unlock = await lockName(settings.place, { wait: patient, signal }).catch(() => null);
    await this.#load(this.#unlock !== null, settings.innocent);
    if (!this.#unlock) void this.#takeOver();
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
      deep: this.#deepState(),
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

  /** Files of a folder that was picked, for a worker that takes over. */
  async supply(folderId: number, files: readonly FolderFile[]): Promise<void> {
    this.#folders.supply(folderId, files);
    await this.refreshAccess();
  }

  /** For the page to ask for permission, which only pages may. */
  async folderHandle(folderId: number): Promise<FileSystemDirectoryHandle | null> {
    return this.#open().library.catalog.folders.get(folderId)?.handle ?? null;
  }

  async refreshAccess(): Promise<void> {
    const { catalog } = this.#open().library;
    await this.#folders.refresh(catalog);
    await this.#folders.checkAll(catalog);
    this.#deep?.lookAgain();
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
    await this.#deep?.retry(ids);
  }

  /**
   * What was typed, taken apart. Where it may name a place, the gazetteer is waited for.
   * @returns with the reason where that could not be had
   */
  async understand(
    typed: string,
    options: TypedOptions & { now: number },
  ): Promise<Understood & { matching: Matching; placesError: WireError | null }> {
    const { catalog } = this.#open().library;
    let placesError: WireError | null = null;
    if (!this.#words.places && hasPlaces(catalog)) {
      const reading = this.#readPlaces().catch((error: Error) => void (placesError = errorToWire(error)));
      if (wantsPlaces(catalog, typed)) await Promise.race([reading, sleep(PLACES_PATIENCE)]);
    }
    return { ...(await understandFor(catalog, this.#words, typed, options)), placesError };
  }

  /** By words, dates and places alone. */
  async findWords(query: VectorQuery): Promise<WireFound> {
    return this.#timed(({ catalog }) => findTyped(catalog, query, this.#words, null));
  }

  /** By the first pass alone; of what was typed by its words, too. */
  async find(query: VectorQuery): Promise<WireFound> {
    return this.#timed(({ catalog }) => this.#typed(query, (only) => find(catalog, query, { only })));
  }

  /** By both. */
  async findBoth(first: VectorQuery, deep: VectorQuery): Promise<WireFound> {
    return this.#timed(({ catalog }) => this.#typed(first, (only) => findBoth(catalog, { first, deep }, only)));
  }

  /**
   * Has the first pass's best embedded by the deep model, and the pictures that the query is made of.
   * @returns what was done, and whether the deep model knows all pictures of the query now
   */
  deepen(
    call: number,
    query: VectorQuery,
    { count, seconds }: { count: number; seconds: number },
    onProgress: (done: number, total: number) => void,
  ): Promise<DeepReport & { knowsQuery: boolean }> {
    return this.#calls.run(call, async (signal) => {
      const { catalog } = this.#open().library;
      const { best, lacking } = shortlist(catalog, query, count, passing(query, this.#words));
      const parts = [...query.include, ...query.exclude].flatMap((part: VectorPart) => ('id' in part ? [part.id] : []));
      const isKnown = (id: number) => slotIn(catalog.picture(id) ?? {}, catalog.deep!.key) !== undefined;
      const wanted = [...new Set([...parts.filter((id) => !isKnown(id)), ...lacking])];
      this.#deep?.matched(best);
      const nothing = { wanted: wanted.length, embedded: 0, left: wanted.length };
      const report = (await this.#deep?.want(wanted, { seconds, signal, onProgress })) ?? nothing;
      return { ...report, knowsQuery: parts.every(isKnown) };
    });
  }

  /** Takes a deep model into use, or none. On an error that before stays. */
  async useDeep(settings: DeepSettings | null): Promise<void> {
    const before = this.#settings!.deep;
    try {
      await this.#attach(settings);
    } catch (error) {
      await this.#attach(before).catch(() => undefined);
      throw error;
    }
  }

  async startDeep(): Promise<void> {
    this.#writing();
    this.#theDeep().start();
  }

  async pauseDeep(): Promise<void> {
    this.#writing();
    this.#theDeep().pause();
  }

  async forgetDeep(modelId: string): Promise<void> {
    const { library } = this.#writing();
    if (this.#settings!.deep?.modelId === modelId) await this.#attach(null);
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
    return this.#calls.run(call, async (signal) => {
      await this.#readPlaces();
      return placeNamesOf(this.#open().library.catalog, this.#words.places, ids, signal);
    });
  }

  async towns(options: TownOptions): Promise<Town[]> {
    await this.#readPlaces();
    return townsOf(this.#words.places, options);
  }

  async facets(): Promise<Facets> {
    return facetsOf(this.#open().library.catalog);
  }

  async albums(of: readonly number[]): Promise<Album[]> {
    return describeAlbums(this.#open().library.catalog, of);
  }

  /** Returns which album it was. */
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

  /** The last map; null where the pictures are others by now. */
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
    await this.#endDeep();
    try {
      await this.#replace(() => this.#calls.run(call, (signal) => importIndex(library, blob, signal)));
    } catch (error) {
      if (wasRunning) await indexer.start();
      this.#beginDeep();
      throw error;
    }
    await indexer.cancel();
    await library.storage.clearAttempts();
    this.#folders.clear(); // the numbers are other folders' now
    await this.#folders.refresh(library.catalog);
    indexer.progress = null;
    this.#beginDeep();
    this.#changed();
  }

  abort(call: number): void {
    this.#calls.abort(call);
  }

  async clear(): Promise<void> {
    const { library, indexer } = this.#writing();
    await indexer.cancel();
    await this.#endDeep();
    await this.#replace(() => library.replace([], async () => ({ files: [], folders: [], albums: [] })));
    await library.storage.clearAttempts();
    this.#folders.clear();
    indexer.progress = null;
    this.#beginDeep();
    this.#changed();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#telling);
    await this.#endDeep();
    await this.#opened?.indexer?.pause();
    this.#channel?.close();
    await this.#opened?.library.close();
    this.#opened = null;
    this.#unlock?.();
  }

  #typed(query: VectorQuery, ranked: (only?: Parameters<Ranked>[0]) => Found): Found {
    return query.matching ? findTyped(this.#open().library.catalog, query, this.#words, ranked) : ranked();
  }

  /** Once; anew where it failed. Nothing happens where there is no gazetteer. */
  #readPlaces(): Promise<void> {
    return (this.#placesRead ??= (async () => {
      const bytes = await this.#hooks!.places();
      if (!bytes) return;
      this.#words.places = new Places(await Gazetteer.read(bytes));
      void this.#prepareWords().catch(() => undefined);
    })().catch((error: unknown) => {
      this.#placesRead = null;
      throw error;
    }));
  }

  /** Folds names and looks up places ahead of the first search, between other work. */
  async #prepareWords(): Promise<void> {
    const turns = new Turns(this.#closing.signal);
    for (const item of this.#open().library.catalog.rows) {
      if (item) this.#words.prepare(item);
      if (turns.due) await turns.give();
    }
  }

  async #load(writable: boolean, innocent: InnocentWork): Promise<void> {
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
    // Where that fails, searches are by the first pass, and the state says that there is no deep model.
    const { deep } = this.#settings!;
    if (deep) await this.#attach(deep).catch(() => (this.#settings = { ...this.#settings!, deep: null }));
    void this.#prepareWords().catch(() => undefined);
    void this.#folders.checkAll(library.catalog).then(() => this.#changed());
    // Not waited for: another tab may be in the way of reading another index.
    if (writable) void this.#takeAlbums(library).catch(() => undefined);
    this.#changed();
  }

  /** Those of the library's other indexes, where they were changed later. */
  async #takeAlbums(library: Library): Promise<void> {
    const later = await laterAlbums(library.place, library.meta.albumsChanged ?? 0);
    if (!later || this.#opened?.library !== library) return;
    if (later.changed <= (library.meta.albumsChanged ?? 0)) return; // changed here meanwhile
    this.#tellAlbums(await library.replaceAlbums(later.albums, later.changed));
  }

  async #attach(settings: DeepSettings | null): Promise<void> {
    await this.#endDeep();
    const { library } = this.#open();
    const begun = await library.attach(settings);
    this.#settings = { ...this.#settings!, deep: settings };
    this.#elsewhere = null;
    if (begun) this.#channel?.postMessage({ kind: 'replaced' } satisfies Message);
    this.#beginDeep();
    this.#changed();
    if (!settings || !library.writable) return;
    const { name, place } = library.place;
    const elsewhere = await Elsewhere.open({ name, place, modelId: settings.modelId, dims: settings.dims });
    if (this.#settings.deep !== settings) return;
    this.#elsewhere = elsewhere;
    this.#deep?.wake();
  }

  /** Of the layer in use, where this tab writes. */
  #beginDeep(): void {
    const { library, attempts, indexer } = this.#open();
    const { deep } = this.#settings!;
    if (!deep || !attempts || !indexer) return;
    const hooks = this.#hooks!;
    this.#deep = new DeepPass({
      ...deep,
      library,
      attempts,
      elsewhere: () => this.#elsewhere,
      embed: (inputs, wanted) => hooks.embedDeep([...inputs], wanted),
      abort: () => void hooks.abortDeep(),
      file: (row) => this.#folders.file(row, library.catalog),
      isReady: (folderId) => this.#folders.isReady(folderId),
      isFirstRunning: () => indexer.isRunning,
      onCommit: (committed) => this.#tellOthers(committed),
      onChange: () => this.#changed(),
    });
  }

  async #endDeep(): Promise<void> {
    const deep = this.#deep;
    this.#deep = null;
    await deep?.close();
  }

  #theDeep(): DeepPass {
    if (this.#deep) return this.#deep;
    throw new InvalidInputError('The index has no deep model: give it one with useDeep.');
  }

  #deepState(): WireState['deep'] {
    const { catalog } = this.#open().library;
    const { deep } = this.#settings!;
    if (!deep || !catalog.deep) return null;
    const { modelId, modelName } = deep;
    const counts = { done: catalog.deepDone, total: catalog.pictures, failed: catalog.deepFailed, unreadable: 0 };
    const state = this.#deep?.describe();
    if (!state) return { modelId, modelName, phase: 'idle', ...counts, rate: null, secondsLeft: null, error: null };
    return { ...state, error: state.error && errorToWire(state.error) };
  }

  /** The deep pass goes on where the first one has ended. */
  #firstChanged(): void {
    const isRunning = this.#opened?.indexer?.isRunning ?? false;
    if (this.#firstWasRunning && !isRunning) this.#deep?.lookAgain();
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

  /** Waits until no other tab writes, then does. */
  async #takeOver(): Promise<void> {
    try {
      this.#unlock = await lockName(this.#settings!.place, { wait: true, signal: this.#closing.signal });
    } catch {
      return; // closed meanwhile
    }
    this.#following = this.#following.then(async () => {
      await this.#endDeep();
      await this.#opened?.library.close();
      await this.#load(true, { left: await this.#hooks!.left(), ended: null });
    });
    await this.#following;
  }

  async #follow(message: Message): Promise<void> {
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
    this.#channel?.postMessage({ kind: 'replaced' } satisfies Message);
    this.#changed();
  }

  #tellOthers(committed: Committed): void {
    this.#channel?.postMessage({ kind: 'committed', committed } satisfies Message);
    this.#changed();
  }

  #tellAlbums(changes: AlbumChanges): void {
    this.#channel?.postMessage({ kind: 'albums', changes } satisfies Message);
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

/** Who may have been the reason for the end of an earlier session. */
function blame({ left, ended }: InnocentWork): Blame {
  return (keys, session) => {
    if (session === left?.session) return left.kind === 'closed' ? null : { keys, alone: false };
    const blamed = session === ended?.session ? keys.filter((key) => ended.decoding.includes(key)) : keys;
    return { keys: blamed, alone: blamed.length === 1 };
  };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
