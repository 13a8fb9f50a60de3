/** @file The worker's side of a photo index: all but the model, which the page has. Expose it with comlink. */

import { transfer } from 'comlink';
import { errorToWire } from '../../remote/error-wire';
import { InvalidInputError, SourceNotFoundError, UnsupportedError } from '../../errors';
import { NumberedCalls } from '../../remote/numbered-calls';
import { lockName } from '../../store/locks';
import { holdLifeLock } from '../../remote/life-lock';
import type { Facets, FolderFile, FolderInfo, ListOptions, PhotoItem, PhotoProblem, SearchResult } from '../types';
import { Attempts, type Blame } from '../indexing/attempts';
import { openBrowserStorage } from './browser-storage';
import { compact, isWasteful } from './compact';
import { exportIndex } from './export';
import { facetsOf, find, listPictures, listProblems, type VectorQuery } from './find';
import { Folders } from '../indexing/folders';
import { Indexer } from '../indexing/indexer';
import { pixelBuffers } from '../indexing/pixels';
import { makeThumbnail } from '../indexing/thumbnail';
import { importIndex } from './import';
import { Library, type Committed } from './library';
import { exportParquet } from './parquet';
import type { InnocentWork, OpenSettings, PageHooks, WireSource, WireState } from './protocol';
import { fileKey, type PictureRow } from './rows';
import { exactGroups, snapshotOf } from './snapshot';
import type { Layout, Snapshot } from '../survey/protocol';

/** States are told at most so often, in milliseconds. */
const TELL_EVERY = 100;
/** A worker that ended keeps its lock for a moment. */
const LOCK_PATIENCE = 10_000;

/** Between tabs: what was committed, or that nothing follows on what was before. */
type Message = { kind: 'committed'; committed: Committed } | { kind: 'replaced' };

/** Everything that a state of being open has. */
interface Opened {
  library: Library;
  attempts: Attempts | null;
  indexer: Indexer | null;
}

export class SearchService {
  #hooks: PageHooks | null = null;
  #settings: OpenSettings | null = null;
  #opened: Opened | null = null;
  #unlock: (() => void) | null = null;
  #channel: BroadcastChannel | null = null;
  readonly #closing = new AbortController();
  readonly #calls = new NumberedCalls();
  readonly #folders = new Folders();
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
      problems: catalog.problems,
      folders: this.#folders.describe(catalog),
      run: indexer?.progress ? { ...indexer.progress } : null,
      error: indexer?.error ? errorToWire(indexer.error) : null,
      revision: library.meta.revision,
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
    const wanted = ids && new Set(ids);
    const rows = [...library.catalog.files.values()].filter(
      (row) => row.kind !== 'picture' && (!wanted || wanted.has(row.id)),
    );
    this.#tellOthers(await library.commit({ remove: rows.map(({ id }) => id) }));
    attempts.ended(rows.map(({ folderId, path }) => fileKey(folderId, path)));
  }

  async find(query: VectorQuery): Promise<Omit<SearchResult, 'milliseconds'> & { milliseconds: number }> {
    const { library } = this.#open();
    const start = performance.now();
    const found = find(library.catalog, query);
    return { ...found, revision: library.meta.revision, milliseconds: performance.now() - start };
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

  async facets(): Promise<Facets> {
    return facetsOf(this.#open().library.catalog);
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
    const { library } = this.#open();
    const layout = await library.storage.loadLayout();
    return layout?.revision === library.contentRevision ? layout : null;
  }

  async keepLayout(layout: Layout): Promise<void> {
    const { library, indexer } = this.#open();
    if (indexer) await library.storage.saveLayout(layout);
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
    try {
      await this.#replace(() => this.#calls.run(call, (signal) => importIndex(library, blob, signal)));
    } catch (error) {
      if (wasRunning) await indexer.start();
      throw error;
    }
    await indexer.cancel();
    await library.storage.clearAttempts();
    this.#folders.clear(); // the numbers are other folders' now
    await this.#folders.refresh(library.catalog);
    indexer.progress = null;
    this.#changed();
  }

  abort(call: number): void {
    this.#calls.abort(call);
  }

  async clear(): Promise<void> {
    const { library, indexer } = this.#writing();
    await indexer.cancel();
    await this.#replace(() => library.replace([], async () => ({ files: [], folders: [] })));
    await library.storage.clearAttempts();
    this.#folders.clear();
    indexer.progress = null;
    this.#changed();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#telling);
    await this.#opened?.indexer?.pause();
    this.#channel?.close();
    await this.#opened?.library.close();
    this.#opened = null;
    this.#unlock?.();
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
        streamed: this.#settings!.streamed,
        embed: (inputs) => hooks.embed(transfer([...inputs], pixelBuffers(inputs))),
        abortEmbeddings: () => void hooks.abortEmbeddings(),
        onDecoding: (keys) => void hooks.onDecoding(keys),
        onCommit: (committed) => this.#tellOthers(committed),
        onChange: () => this.#changed(),
        sources: () => this.#folders.sources(library.catalog),
        onWalked: (folderId, walk) => this.#folders.walked(folderId, walk, library.catalog),
        checkFolder: (folderId) => this.#folders.check(folderId, library.catalog),
      });
    this.#opened = { library, attempts, indexer };
    await this.#folders.refresh(library.catalog);
    void this.#folders.checkAll(library.catalog).then(() => this.#changed());
    this.#changed();
  }

  /** Waits until no other tab writes, then does. */
  async #takeOver(): Promise<void> {
    try {
      this.#unlock = await lockName(this.#settings!.place, { wait: true, signal: this.#closing.signal });
    } catch {
      return; // closed meanwhile
    }
    this.#following = this.#following.then(async () => {
      await this.#opened?.library.close();
      await this.#load(true, { left: await this.#hooks!.left(), ended: null });
    });
    await this.#following;
  }

  async #follow(message: Message): Promise<void> {
    const opened = this.#opened;
    if (!opened || opened.indexer) return;
    if (message.kind !== 'committed' || !(await opened.library.follow(message.committed))) {
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
    const { library, attempts, indexer } = this.#open();
    if (attempts && indexer) return { library, attempts, indexer };
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
