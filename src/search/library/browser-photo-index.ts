/** @file The photo index in a page: calls go to the search worker, embeddings to the model. */

import type { Remote } from 'comlink';
import { errorFromWire } from '../../remote/error-wire';
import { DisposedError } from '../../errors';
import { numbered } from '../../remote/numbered-calls';
import { askToPersist } from '../../store/persist';
import type {
  Album,
  CallOptions,
  DeepOptions,
  Facets,
  FinishedOptions,
  FolderFile,
  FolderInfo,
  IndexState,
  ListOptions,
  MapOptions,
  OpenOptions,
  Pass,
  PhotoEmbedder,
  PhotoGroups,
  PhotoIndex,
  PhotoDates,
  PhotoItem,
  PhotoMap,
  PhotoPlaceNames,
  PhotoPlaces,
  PhotoProblem,
  PhotoSource,
  PictureLimits,
  SearchOptions,
  SearchQuery,
  SearchResult,
  Town,
  TownOptions,
} from '../types';
import type { AlbumWish } from './albums';
import {
  checkAlbums,
  checkFinished,
  checkGroups,
  checkList,
  checkMap,
  checkQuery,
  checkSearchOptions,
  checkSignal,
  checkTowns,
  refuse,
} from './checks';
import { readPlaces } from './read-places';
import { deepModel, type DeepModel } from './deep-model';
import { EmbedGate } from './embed-gate';
import type { EmbedQueue } from './embed-queue';
import { noteLeaving, readLeaving } from './leaving';
import { asSource } from './picked';
import type { OpenSettings, WireState } from './protocol';
import { noDeepModel, runEnd } from './run-end';
import { Runs } from './runs';
import { search } from './search';
import type { SearchService } from './service';
import { Survey, type Source } from '../survey/survey';
import { WorkerLink } from './worker-link';

/** What an index works with. */
export interface Parts {
  settings: Omit<OpenSettings, 'innocent'>;
  models: { first: PhotoEmbedder; limits: PictureLimits; queue: EmbedQueue };
  start: () => Worker;
  startSurvey: () => Worker;
  places: OpenOptions['places'];
}

export class BrowserPhotoIndex implements PhotoIndex {
  readonly #models: Parts['models'];
  readonly #settings: Parts['settings'];
  readonly #gate: EmbedGate;
  readonly #survey: Survey;
  /** Files that were picked, by folder. A worker that takes over does not have them. */
  readonly #picked = new Map<number, readonly FolderFile[]>();
  readonly #listeners = new Set<(state: IndexState) => void>();
  #link!: WorkerLink;
  #state!: IndexState;
  #session: string | null = null;
  readonly #closing = new AbortController();
  #endNotes: () => void = () => undefined;
  readonly #runs = new Runs();
  #deep: DeepModel | null = null;

  private constructor({ models, settings, startSurvey }: Parts) {
    this.#models = models;
    this.#settings = settings;
    this.#survey = new Survey(startSurvey);
    this.#gate = new EmbedGate(models.first, models.limits, models.queue);
  }

  static async open(parts: Parts): Promise<BrowserPhotoIndex> {
    const index = new BrowserPhotoIndex(parts);
    const { settings, start, places } = parts;
    const gate = index.#gate;
    index.#link = await WorkerLink.open({
      start,
      settings,
      hooks: {
        embed: (inputs) => gate.index(inputs),
        abortEmbeddings: () => gate.abortIndexing(),
        embedDeep: async (inputs, wanted) =>
          index.#deep ? index.#deep.gate.index(inputs, wanted ? 1 : 2) : { kind: 'aborted' },
        abortDeep: () => index.#deep?.gate.abortIndexing(),
        places: () => readPlaces(places),
        onState: (state) => index.#onState(state),
        left: () => readLeaving(settings.place),
      },
      left: readLeaving(settings.place),
      onSession: (session) => (index.#session = session),
      onRevived: () => void index.#revived(),
      onGivenUp: (error) => index.#pausedBy(error),
    });
    index.#onState(await index.#link.call((service) => service.state()));
    index.#endNotes = noteLeaving(settings.place, () => index.#session);
    return index;
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  get state(): IndexState {
    return this.#state;
  }

  subscribe(listener: (state: IndexState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async add(given: PhotoSource): Promise<FolderInfo> {
    const source = asSource(given);
    const info = await this.#call((service) => service.add(source));
    if ('files' in source) this.#picked.set(info.id, source.files);
    await this.#refresh();
    return info;
  }

  async reconnect(folderId: number): Promise<boolean> {
    const handle = await this.#call((service) => service.folderHandle(folderId));
    // Not in TypeScript's library.
    const asking = handle as { requestPermission?: (mode: { mode: 'read' }) => Promise<PermissionState> } | null;
    if (!asking) return false;
    const granted = (await asking.requestPermission?.({ mode: 'read' })) ?? 'granted';
    await this.#call((service) => service.refreshAccess());
    await this.#refresh();
    return granted === 'granted';
  }

  removeFolder(folderId: number): Promise<void> {
    this.#picked.delete(folderId);
    return this.#change((service) => service.removeFolder(folderId));
  }

  start(): Promise<void> {
    return this.#begin('first', (service) => service.start());
  }

  async finished(options: FinishedOptions = {}): Promise<IndexState> {
    checkFinished(options);
    const { pass = 'first', signal } = options;
    signal?.throwIfAborted();
    if (this.#closed) throw closedError();
    if (pass === 'deep' && !this.#deep) throw noDeepModel();
    await this.#runs.begun(pass);
    const closing = this.#closing.signal;
    const told = { state: () => this.#state, subscribe: this.subscribe.bind(this) };
    return runEnd(told, pass, signal ? AbortSignal.any([signal, closing]) : closing);
  }

  pause(): Promise<void> {
    this.#runs.stop('first');
    return this.#change((service) => service.pause());
  }

  cancel(): Promise<void> {
    this.#runs.stop('first');
    return this.#change((service) => service.cancel());
  }

  retry(ids?: readonly number[]): Promise<void> {
    return this.#change((service) => service.retry(ids));
  }

  async search(query: SearchQuery, options: SearchOptions = {}): Promise<SearchResult> {
    checkQuery(query);
    checkSearchOptions(options);
    return search(query, options, {
      first: { embedder: this.#models.first, gate: this.#gate },
      deep: this.#deep,
      queue: this.#models.queue,
      call: (run) => this.#call(run),
      stoppable: (signal, run) => this.#stoppable(signal, run),
      file: (id) => this.file(id),
    });
  }

  async useDeep(options: DeepOptions | null): Promise<void> {
    await this.attach(options && deepModel(options, this.#models));
  }

  /** Nothing changes if the worker refuses it. */
  async attach(deep: DeepModel | null): Promise<void> {
    const before = this.#deep;
    this.#runs.stop('deep');
    before?.gate.abortIndexing();
    this.#deep = deep;
    this.#settings.deep = deep?.settings ?? null; // for a worker that takes over
    try {
      await this.#change((service) => service.useDeep(deep?.settings ?? null));
    } catch (error) {
      this.#deep = before;
      this.#settings.deep = before?.settings ?? null;
      throw error;
    }
  }

  startDeep(): Promise<void> {
    return this.#begin('deep', (service) => service.startDeep());
  }

  pauseDeep(): Promise<void> {
    this.#runs.stop('deep');
    return this.#change((service) => service.pauseDeep());
  }

  async forgetDeep(modelId: string): Promise<void> {
    if (this.#deep?.embedder.id === modelId) await this.attach(null);
    await this.#change((service) => service.forgetDeep(modelId));
  }

  async list(options: ListOptions = {}): Promise<Uint32Array> {
    checkList(options);
    return this.#call((service) => service.list(options));
  }

  items(ids: Iterable<number>): Promise<(PhotoItem | null)[]> {
    const all = [...ids];
    return this.#call((service) => service.items(all));
  }

  dates(ids: Uint32Array): Promise<PhotoDates> {
    return this.#call((service) => service.dates(ids));
  }

  places(ids: Uint32Array): Promise<PhotoPlaces> {
    return this.#call((service) => service.places(ids));
  }

  async placeNames(ids: Uint32Array, options: CallOptions = {}): Promise<PhotoPlaceNames> {
    checkSignal('placeNames', options);
    return this.#stoppable(options.signal, (service, call) => service.placeNames(call, ids));
  }

  async towns(options: TownOptions = {}): Promise<Town[]> {
    checkTowns(options);
    return this.#call((service) => service.towns(options));
  }

  facets(): Promise<Facets> {
    return this.#call((service) => service.facets());
  }

  async albums(options: { of?: Iterable<number> } = {}): Promise<Album[]> {
    checkAlbums(options);
    const ids = [...(options.of ?? [])];
    return this.#call((service) => service.albums(ids));
  }

  async createAlbum(name: string, ids: Iterable<number> = []): Promise<Album> {
    const id = await this.#changeAlbums({ kind: 'create', name, ids: [...ids] });
    return (await this.albums()).find((album) => album.id === id)!;
  }

  async renameAlbum(id: number, name: string): Promise<void> {
    await this.#changeAlbums({ kind: 'rename', id, name });
  }

  async changeAlbum(
    id: number,
    { add = [], remove = [] }: { add?: Iterable<number>; remove?: Iterable<number> },
  ): Promise<void> {
    await this.#changeAlbums({ kind: 'change', id, add: [...add], remove: [...remove] });
  }

  async deleteAlbum(id: number): Promise<void> {
    await this.#changeAlbums({ kind: 'delete', id });
  }

  thumbnail(id: number): Promise<Blob> {
    return this.#call((service) => service.thumbnail(id));
  }

  file(id: number): Promise<File> {
    return this.#call((service) => service.file(id));
  }

  problems(): Promise<PhotoProblem[]> {
    return this.#call((service) => service.problems());
  }

  async groups(options: CallOptions & { threshold?: number } = {}): Promise<PhotoGroups> {
    checkGroups(options);
    const { threshold = 0.9, signal } = options;
    signal?.throwIfAborted();
    const exact = await this.#call((service) => service.exactGroups());
    return { exact, similar: await this.#survey.similar(threshold, this.#snapshot(), signal) };
  }

  async map(options: MapOptions = {}): Promise<PhotoMap> {
    checkMap(options);
    const { signal, onProgress } = options;
    signal?.throwIfAborted();
    const known = await this.#call((service) => service.layout());
    if (known) return { ...known, milliseconds: 0 };
    const start = performance.now();
    const layout = await this.#survey.layOut(this.#snapshot(), (fraction) => onProgress?.(fraction), signal);
    await this.#call((service) => service.keepLayout(layout));
    return { ...layout, milliseconds: performance.now() - start };
  }

  async export(options: CallOptions = {}): Promise<Blob> {
    checkSignal('export', options);
    return this.#stoppable(options.signal, (service, call) => service.export(call));
  }

  async import(blob: Blob, options: CallOptions = {}): Promise<void> {
    checkSignal('import', options);
    if (!(blob instanceof Blob)) refuse('blob', blob, 'a Blob, as returned by export()');
    await this.#stoppable(options.signal, (service, call) => service.import(call, blob));
    this.#picked.clear();
    await this.#refresh();
  }

  async exportParquet(options: CallOptions = {}): Promise<Blob> {
    checkSignal('exportParquet', options);
    return this.#stoppable(options.signal, (service, call) => service.exportParquet(call));
  }

  clear(): Promise<void> {
    this.#picked.clear();
    return this.#change((service) => service.clear());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closing.abort(closedError());
    this.#endNotes();
    this.#gate.abortIndexing();
    this.#deep?.gate.abortIndexing();
    this.#survey.close();
    await this.#link.close();
    this.#listeners.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #snapshot(): Source {
    return { revision: this.#state.contentRevision, take: () => this.#call((service) => service.snapshot()) };
  }

  #call<T>(run: (service: Remote<SearchService>) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(closedError());
    return this.#link.call(run);
  }

  /** Makes a long call. If the worker dies during it, the call is repeated, unless it was stopped meanwhile. */
  #stoppable<T>(
    signal: AbortSignal | undefined,
    run: (service: Remote<SearchService>, call: number) => Promise<T>,
  ): Promise<T> {
    const call = (number: number) =>
      this.#call((service) => {
        signal?.throwIfAborted();
        return run(service, number);
      });
    return numbered(
      call,
      (number) => void this.#call((service) => service.abort(number)).catch(() => undefined),
      signal,
    );
  }

  /** Makes a call that changes the state. */
  async #change(run: (service: Remote<SearchService>) => Promise<void>): Promise<void> {
    await this.#call(run);
    await this.#refresh();
  }

  #begin(pass: Pass, run: (service: Remote<SearchService>) => Promise<void>): Promise<void> {
    return this.#runs.begin(
      pass,
      () => this.#call(run),
      () => this.#refresh(),
    );
  }

  async #changeAlbums(wish: AlbumWish): Promise<number> {
    const id = await this.#call((service) => service.changeAlbums(wish));
    await this.#refresh();
    return id;
  }

  async #refresh(): Promise<void> {
    this.#onState(await this.#call((service) => service.state()));
  }

  #onState(state: WireState): void {
    if (this.#closed) return;
    const deep = state.deep && { ...state.deep, error: state.deep.error && errorFromWire(state.deep.error) };
    this.#state = { ...state, deep, error: state.error && errorFromWire(state.error) };
    if (deep?.error) this.#runs.stop('deep');
    if (state.phase === 'idle' || state.error) {
      // Asked for once there is something to lose.
      if (this.#runs.ended('first') && state.indexed > 0) void askToPersist();
    }
    for (const listener of this.#listeners) listener(this.#state);
  }

  /** Called when a worker died while indexing: its successor continues. */
  async #revived(): Promise<void> {
    // Not opened yet, or closed: whoever opens it sees to the rest.
    if (!this.#state || this.#closed) return;
    try {
      for (const [folderId, files] of this.#picked) await this.#call((service) => service.supply(folderId, files));
      if (this.#runs.isWanted('deep')) await this.startDeep();
      if (this.#runs.isWanted('first')) await this.start();
      else await this.#refresh();
    } catch (error) {
      this.#pausedBy(error as Error);
    }
  }

  #pausedBy(error: Error): void {
    if (!this.#state || this.#closed) return;
    this.#runs.stop('first');
    this.#state = { ...this.#state, phase: 'paused', error };
    for (const listener of this.#listeners) listener(this.#state);
  }
}

const closedError = () => new DisposedError('The photo index was closed.');
