/** @file A run of indexing: walks the folders, then works through what is new; can be paused, resumed and cancelled. */

import type { Transparency } from '../../image';
import { RateMeter } from '../../bundle/rate-meter';
import type { EmbedderInput, PictureLimits, RunProgress } from '../types';
import type { Attempts } from './attempts';
import { Committer, rowOf, type Outcome } from './committer';
import type { Committed, Library } from '../library/library';
import { Pipeline, type PipelineHost } from './pipeline';
import type { EmbedOutcome } from '../library/protocol';
import type { MakeThumbnail } from './prepare-photo';
import { split, walkFolder, type Source, type WalkResult, type Work } from './work';

/** Rows removed in one transaction. */
const REMOVED_AT_ONCE = 1000;

export interface IndexerHost {
  library: Library;
  attempts: Attempts;
  limits: PictureLimits;
  makeThumbnail: MakeThumbnail;
  takesPixels: boolean;
  transparency: Transparency;
  streamed: boolean;
  embed(inputs: readonly EmbedderInput[]): Promise<EmbedOutcome>;
  abortEmbeddings(): void;
  onDecoding(keys: readonly string[]): void;
  onCommit(committed: Committed): void;
  /** Called when {@link Indexer.phase}, `progress` or `error` has changed. */
  onChange(): void;
  /** The folders whose files can be read now. */
  sources(): Promise<Map<number, Source>>;
  /** Called with the result of a walk. */
  onWalked(folderId: number, walk: WalkResult): Promise<void>;
  /** Whether a folder can (still) be read. */
  checkFolder(folderId: number): Promise<boolean>;
}

export class Indexer {
  phase: 'idle' | 'walking' | 'indexing' | 'paused';
  progress: RunProgress | null = null;
  error: unknown = null;
  readonly #host: IndexerHost;
  readonly #meter = new RateMeter();
  #left: Work[] = [];
  /** A walk has ended and its queue is not empty, so there is no need to walk again. */
  #walked = false;
  /** Folders that were available only during the walk, so a picture moved within them may not have been found. */
  readonly #vanished = new Set<number>();
  #stop: AbortController | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(host: IndexerHost) {
    this.#host = host;
    this.phase = host.library.meta.unfinished ? 'paused' : 'idle';
  }

  /** Starts or resumes; resolves once it has started. */
  async start(): Promise<void> {
    if (this.isRunning) return;
    await this.#running;
    const stop = new AbortController();
    this.#stop = stop;
    this.error = null;
    this.#meter.reset();
    this.#set(this.#walked ? 'indexing' : 'walking');
    await this.#host.library.commit({ unfinished: true });
    this.#running = this.#run(stop.signal).catch((error: unknown) => {
      this.error = error;
      this.#set('paused');
    });
  }

  get isRunning(): boolean {
    return this.phase === 'walking' || this.phase === 'indexing';
  }

  async pause(): Promise<void> {
    await this.#halt();
    if (this.isRunning) this.#set('paused');
  }

  async cancel(): Promise<void> {
    await this.#halt();
    this.#forget();
    await this.#host.library.commit({ unfinished: false });
    this.#set('idle');
  }

  async #halt(): Promise<void> {
    this.#stop?.abort();
    this.#host.abortEmbeddings();
    await this.#running;
  }

  #forget(): void {
    this.#left = [];
    this.#walked = false;
  }

  /** Folders or rows changed: the next start walks again. */
  async rewalk(): Promise<void> {
    await this.pause();
    this.#forget();
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (!this.#walked) {
      const works = await this.#walk(signal);
      if (!works) return;
      this.#left = works;
      this.#walked = true;
    }
    this.#set('indexing');
    await this.#work(signal);
    if (signal.aborted) return;
    await this.#removeMissing();
    await this.#host.attempts.settle();
    await this.#host.library.commit({ unfinished: false });
    this.#forget();
    this.#set('idle');
  }

  /** Returns null if the run was stopped. */
  async #walk(signal: AbortSignal): Promise<Work[] | null> {
    const { library, sources, onWalked } = this.#host;
    const progress = {
      found: 0,
      total: 0,
      done: 0,
      embedded: 0,
      reused: 0,
      problems: 0,
      removed: 0,
      rate: null,
      secondsLeft: null,
    };
    this.progress = progress;
    this.#vanished.clear();
    const works: Work[] = [];
    for (const [folderId, source] of await sources()) {
      const before = progress.found;
      try {
        const walk = await walkFolder(folderId, source, library.catalog, (count) => {
          signal.throwIfAborted();
          this.#update({ found: before + count });
        });
        works.push(...walk.works);
        progress.found = before + walk.found;
        await onWalked(folderId, walk);
        const folder = library.catalog.folders.get(folderId);
        if (folder && walk.unread.length === 0 && !walk.emptied) {
          this.#host.onCommit(await library.commit({ folders: { put: [{ ...folder, found: walk.found }] } }));
        }
      } catch (error) {
        if (signal.aborted) return null;
        throw error;
      }
    }
    if (signal.aborted) return null;
    this.#update({ found: progress.found, total: works.length });
    return works;
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { library, attempts } = this.#host;
    const committer = new Committer(library, attempts, (committed, outcomes) => this.#committed(committed, outcomes));
    let suspects: Work[] = [];
    const host: PipelineHost = {
      ...this.#host,
      committer,
      onSuspect: (work) => suspects.push(work),
      onDropped: (count, folderId) => {
        if (folderId !== undefined) this.#vanished.add(folderId);
        this.#update({ total: (this.progress?.total ?? 0) - count });
      },
    };
    const pipeline = new Pipeline(host, signal);
    const { sound, suspect } = split(this.#left, attempts);
    this.#left = [];
    suspects = suspect;
    try {
      await pipeline.run(sound);
      while (suspects.length > 0 && !signal.aborted) await pipeline.run([suspects.shift()!]);
    } finally {
      this.#left = [...(await pipeline.takeBack()), ...suspects];
      await committer.finish();
    }
  }

  #committed(committed: Committed, outcomes: readonly Outcome[]): void {
    const { progress } = this;
    if (progress) {
      for (const outcome of outcomes) {
        progress.done++;
        if (rowOf(outcome).kind !== 'picture') progress.problems++;
        else if ('vector' in outcome.addition) progress.embedded++;
        else progress.reused++;
      }
      const rate = this.#meter.add(progress.done, progress.total);
      this.#update(rate ?? {});
    }
    this.#host.onCommit(committed);
  }

  async #removeMissing(): Promise<void> {
    const { library, onCommit, checkFolder } = this.#host;
    const { catalog } = library;
    const folderOf = (id: number) => catalog.files.get(id)!.folderId;
    // A folder that is being deleted, or whose drive is being disconnected, may have been listed only in part.
    for (const folderId of new Set(catalog.missing.map(folderOf)))
      if (!(await checkFolder(folderId))) this.#vanished.add(folderId);
    const missing = catalog.missing.filter((id) => !this.#vanished.has(folderOf(id)));
    for (let first = 0; first < missing.length; first += REMOVED_AT_ONCE) {
      const remove = missing.slice(first, first + REMOVED_AT_ONCE);
      onCommit(await library.commit({ remove }));
      this.#update({ removed: (this.progress?.removed ?? 0) + remove.length });
    }
  }

  #update(changes: Partial<RunProgress>): void {
    if (this.progress) Object.assign(this.progress, changes);
    this.#host.onChange();
  }

  #set(phase: Indexer['phase']): void {
    this.phase = phase;
    if (this.progress && phase !== 'indexing') Object.assign(this.progress, { rate: null, secondsLeft: null });
    this.#host.onChange();
  }
}
