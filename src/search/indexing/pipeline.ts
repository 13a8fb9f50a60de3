/**
 * @file Takes files through the stages of indexing: some are decoded while others are embedded and yet others written.
 * Each ends with exactly one outcome: a picture, or a problem with its reason.
 */

import type { Transparency } from '../../image';
import { reasonInWords } from '../reasons';
import type { EmbedderInput, PictureLimits } from '../types';
import { errorFromWire } from '../../remote/error-wire';
import { UnsupportedError, VLM2VecError } from '../../errors';
import { sniffFormat, SNIFF_BYTES } from '../../image/headers';
import type { Attempts } from './attempts';
import { CALLS, CallSize, halves, MOST_INTERRUPTIONS } from './call-size';
import type { Committer } from './committer';
import { within } from '../library/deadline';
import type { Library } from '../library/library';
import type { EmbedOutcome } from '../library/protocol';
import { READER } from '../library/rows';
import { checkFile, preparePicture, readPicture, type MakeThumbnail, type Prepared } from './prepare-photo';
import { MOST_PIXELS } from './pixels';
import { readAnew, refreshed, reuse } from './reuse';
import type { Work } from './work';

/** Files decoded at a time. */
const DECODERS = 2;
/** Files recorded as in progress at a time, which costs one transaction. */
const BEGUN_AT_ONCE = 8;
/** Errors that are the file's fault, not ours. */
const FILE_ERRORS = new Set([
  'ImageFormatError',
  'ImageTooLargeError',
  'InvalidInputError',
  'SourceNotFoundError',
  'UnsupportedError',
]);

export interface PipelineHost {
  library: Library;
  attempts: Attempts;
  committer: Committer;
  limits: PictureLimits;
  makeThumbnail: MakeThumbnail;
  /** Whether {@link embed} takes pixels, and keeps them. */
  takesPixels: boolean;
  /** How transparency is treated in the pixels. */
  transparency: Transparency;
  /** Whether the model's weights are streamed. */
  streamed: boolean;
  embed(inputs: readonly EmbedderInput[]): Promise<EmbedOutcome>;
  onDecoding(keys: readonly string[]): void;
  /** To be tried again, alone. */
  onSuspect(work: Work): void;
  /** Whether a folder can still be read. */
  checkFolder(folderId: number): Promise<boolean>;
  /** So many pictures no longer exist; `folderId`: because their folder does not. */
  onDropped(count: number, folderId?: number): void;
}

interface Ready {
  work: Work;
  prepared: Prepared;
}

export class Pipeline {
  readonly #host: PipelineHost;
  readonly #signal: AbortSignal;
  #queue: Work[] = [];
  #begun: Work[] = [];
  #beginning: Promise<void> | null = null;
  #ready: Ready[] = [];
  #decoding = new Map<string, Work>();
  readonly #callSize: CallSize;
  /** Pictures that are ready, or being embedded. */
  #pixels = 0;
  /** Hashes of pictures in progress, whose copies wait for them. */
  readonly #hashes = new Set<string>();
  #copies: Work[] = [];
  /** Missing rows that a file of this run has taken over. */
  readonly #claimed = new Set<number>();
  #wake: (() => void)[] = [];
  #decoders = 0;
  #failure: { cause: unknown } | null = null;
  /** The run has only one picture, so any death is due to it. */
  #alone = false;
  /** Interrupted calls since the last one that was not. */
  #interruptions = 0;

  constructor(host: PipelineHost, signal: AbortSignal) {
    this.#host = host;
    this.#signal = signal;
    this.#callSize = new CallSize({ streamed: host.streamed, first: 4 });
    signal.addEventListener('abort', () => this.#wakeAll());
  }

  /**
   * Resolves when all have ended and are committed, or when the signal stopped it; {@link takeBack} then has what is
   * left. With one picture, nothing else is in progress.
   * @throws StorageFullError, or the model's error if there is no other model
   */
  async run(works: readonly Work[]): Promise<void> {
    for (let todo = [...works]; todo.length > 0 && !this.#stopped; todo = this.#takeCopies()) {
      this.#queue = todo;
      this.#alone = todo.length === 1;
      this.#decoders = DECODERS;
      const stages = [
        ...Array.from({ length: DECODERS }, () => this.#decode()),
        ...Array.from({ length: CALLS }, () => this.#embed()),
      ];
      await Promise.all(stages.map((stage) => stage.catch((cause: unknown) => this.#fall(cause))));
      if (this.#failure) throw this.#failure.cause;
      await this.#host.committer.finish();
      this.#hashes.clear();
    }
  }

  /** Work that was not started, or was in progress when it stopped. */
  async takeBack(): Promise<Work[]> {
    const begun = [...this.#begun, ...this.#ready.map(({ work }) => work), ...this.#copies];
    const left = [...begun, ...this.#queue];
    this.#begun = [];
    this.#ready = [];
    this.#pixels = 0;
    this.#copies = [];
    this.#queue = [];
    // If that cannot be written, they are merely tried alone next time.
    await this.#host.attempts.release(begun.map(({ key }) => key)).catch(() => undefined);
    return left;
  }

  get #stopped(): boolean {
    return this.#signal.aborted || this.#failure !== null;
  }

  /** If one stage fails, the others end too. */
  #fall(cause: unknown): void {
    this.#failure ??= { cause };
    this.#wakeAll();
  }

  #takeCopies(): Work[] {
    const copies = this.#copies;
    this.#copies = [];
    return copies;
  }

  async #decode(): Promise<void> {
    try {
      for (;;) {
        const work = await this.#next();
        if (!work) return;
        this.#decoding.set(work.key, work);
        this.#tellDecoding();
        let ready: Ready | null;
        try {
          ready = await this.#prepare(work);
        } finally {
          this.#decoding.delete(work.key);
          this.#tellDecoding();
        }
        if (!ready) continue;
        this.#ready.push(ready);
        this.#pixels += pixelsOf(ready);
        this.#wakeAll();
        // Only a few are prepared ahead of the model, since decoded pictures are large.
        while (this.#isAhead() && !this.#stopped) await this.#change();
      }
    } finally {
      this.#decoders--;
      this.#wakeAll();
    }
  }

  #isAhead(): boolean {
    return this.#ready.length >= 2 * this.#callSize.pictures || this.#pixels >= MOST_PIXELS;
  }

  #tellDecoding(): void {
    this.#host.onDecoding([...this.#decoding.keys()]);
  }

  /** Takes the next file and records it as in progress. */
  async #next(): Promise<Work | null> {
    for (;;) {
      await this.#beginning;
      if (this.#stopped) return null;
      const next = this.#begun.shift();
      if (next) return next;
      if (this.#queue.length === 0) return null;
      this.#beginning ??= this.#begin().finally(() => (this.#beginning = null));
    }
  }

  async #begin(): Promise<void> {
    const works = this.#queue.splice(0, BEGUN_AT_ONCE);
    this.#begun.push(...works);
    await this.#host.attempts.begin(works.map(({ key }) => key));
  }

  /** Null if the work has already ended: as a problem, or because its bytes are known. */
  async #prepare(work: Work): Promise<Ready | null> {
    const { limits, library, attempts } = this.#host;
    const unchanged = work.unchanged ? library.catalog.at(work.folderId, work.path) : undefined;
    if (attempts.hasFailed(work.key) && unchanged?.kind === 'picture') {
      // It is left unchanged, and not looked at again.
      this.#host.committer.add({ key: work.key, addition: { row: { ...unchanged, reader: READER } } });
      return null;
    }
    if (attempts.hasFailed(work.key)) {
      this.#problem(work, 'failed', 'The model or the page ended twice while it was working on this picture.');
      return null;
    }
    const late = () => new VLM2VecError(`Reading and decoding it took longer than ${limits.decodeSeconds} seconds.`);
    const controller = new AbortController();
    const prepare = async (): Promise<Ready | null> => {
      checkFile(work.file, limits);
      if (work.unreadable && !(await isKnown(work.file))) {
        throw new UnsupportedError(`Pictures of this type (${extension(work.path)}) cannot be read here.`);
      }
      if (unchanged?.kind === 'picture') {
        this.#host.committer.add({ key: work.key, addition: await refreshed(unchanged, work.file) });
        return null;
      }
      const read = await readPicture(work.file);
      if (controller.signal.aborted) return null;
      const known = reuse(work, read.hash, library.catalog, this.#claimed);
      if (known) {
        this.#host.committer.add({ key: work.key, ...(await readAnew(known, read.bytes, work.file)) });
        return null;
      }
      if (this.#hashes.has(read.hash)) {
        this.#copies.push(work);
        return null;
      }
      this.#hashes.add(read.hash);
      const prepared = await preparePicture(work.file, read, this.#host);
      const { width, height } = prepared.facts;
      // The pixels of a long call would fill the memory.
      const sendsPixels = this.#host.takesPixels && !this.#host.streamed && width * height <= MOST_PIXELS;
      if (!sendsPixels) prepared.pixels = null;
      return { work, prepared };
    };
    try {
      return await within(limits.decodeSeconds, prepare(), late);
    } catch (error) {
      controller.abort();
      await this.#fail(work, error as Error);
      return null;
    }
  }

  async #embed(): Promise<void> {
    for (;;) {
      const wanted = this.#host.streamed ? this.#callSize.pictures : 1;
      while (this.#ready.length < wanted && this.#decoders > 0 && !this.#stopped) await this.#change();
      if (this.#ready.length === 0 || this.#stopped) return;
      const batch = this.#ready.splice(0, this.#callSize.pictures);
      this.#wakeAll();
      const start = performance.now();
      const complete = await this.#embedBatch(batch);
      if (complete) this.#callSize.took(performance.now() - start, batch.length);
    }
  }

  /** Whether all of them were embedded in one call. */
  async #embedBatch(batch: readonly Ready[]): Promise<boolean> {
    const { attempts, embed, onSuspect } = this.#host;
    const pixels = batch.reduce((sum, ready) => sum + pixelsOf(ready), 0);
    const inputs = batch.map(({ work, prepared }) => ({ image: prepared.pixels ?? work.file }));
    // Retried pictures are read from their files, since their pixels were transferred to the model.
    for (const { prepared } of batch) prepared.pixels = null;
    const outcome = await embed(inputs).finally(() => {
      this.#pixels -= pixels;
      this.#wakeAll();
    });
    this.#interruptions = outcome.kind === 'interrupted' ? this.#interruptions + 1 : 0;
    switch (outcome.kind) {
      case 'done':
        for (const [i, ready] of batch.entries()) this.#picture(ready, outcome.vectors[i]!);
        return true;
      case 'aborted':
        this.#ready.unshift(...batch);
        return false;
      case 'failed':
        // One of them is at fault; the half that succeeds need not be tried again.
        if (batch.length > 1) for (const half of halves(batch)) await this.#embedBatch(half);
        else await this.#fail(batch[0]!.work, errorFromWire(outcome.error));
        return false;
      case 'died':
        await attempts.died(
          batch.map(({ work }) => work.key),
          { death: outcome.death, alone: this.#alone },
        );
        for (const { work, prepared } of batch) {
          this.#hashes.delete(prepared.facts.hash);
          onSuspect(work);
        }
        if (!outcome.restarted) throw errorFromWire(outcome.error);
        return false;
      case 'interrupted':
        this.#ready.unshift(...batch);
        if (!outcome.restarted || this.#interruptions > MOST_INTERRUPTIONS) throw errorFromWire(outcome.error);
        return false;
    }
  }

  #picture({ work, prepared }: Ready, vector: Float32Array): void {
    const { library, committer } = this.#host;
    const { folderId, path, file, key } = work;
    const id = library.catalog.at(folderId, path)?.id ?? library.catalog.nextId();
    const facts = { id, folderId, path, size: file.size, modified: file.lastModified, reader: READER };
    const row = { ...facts, ...prepared.facts, kind: 'picture' as const };
    committer.add({ key, addition: { row, vector, thumb: prepared.thumbnail } });
  }

  /** A picture that no longer exists, alone or with its folder, is not a problem: the next walk handles it. */
  async #fail(work: Work, error: Error): Promise<void> {
    const { checkFolder, limits, onDropped, attempts } = this.#host;
    if (!(await checkFolder(work.folderId))) return this.#dropFolder(work);
    // An indexed picture stays indexed if its file cannot be read just now.
    if (work.unchanged || (await isGone(work.file, limits.decodeSeconds))) {
      onDropped(1);
      return attempts.release([work.key]);
    }
    const kind = FILE_ERRORS.has(error.name) ? 'skipped' : 'failed';
    this.#problem(work, kind, reasonInWords(error));
  }

  /** Skips the rest of a folder that has vanished. */
  async #dropFolder(work: Work): Promise<void> {
    const isHere = ({ folderId }: Work) => folderId !== work.folderId;
    const dropped = [work, ...this.#begun, ...this.#copies].filter((each) => !isHere(each));
    const waiting = this.#queue.length;
    this.#queue = this.#queue.filter(isHere);
    this.#begun = this.#begun.filter(isHere);
    this.#copies = this.#copies.filter(isHere);
    this.#host.onDropped(dropped.length + waiting - this.#queue.length, work.folderId);
    await this.#host.attempts.release(dropped.map(({ key }) => key));
  }

  #problem({ folderId, path, file, key }: Work, kind: 'skipped' | 'failed', reason: string): void {
    const { library, committer } = this.#host;
    const id = library.catalog.at(folderId, path)?.id ?? library.catalog.nextId();
    const row = { id, folderId, path, size: file.size, modified: file.lastModified, reader: READER, kind, reason };
    committer.add({ key, addition: { row } });
  }

  /** Resolves at the next change of what is ready, or of who is working. */
  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

function pixelsOf({ prepared: { pixels } }: Ready): number {
  return pixels ? pixels.width * pixels.height : 0;
}

/** Whether it is a picture of a kind other than its extension says. */
async function isKnown(file: File): Promise<boolean> {
  const start = await file.slice(0, SNIFF_BYTES).arrayBuffer();
  return sniffFormat(new Uint8Array(start)) !== null;
}

async function isGone(file: File, seconds: number): Promise<boolean> {
  const read = file.slice(0, 1).arrayBuffer();
  return within(seconds, read, () => new Error()).then(
    () => false,
    (error: Error) => error.name === 'NotFoundError',
  );
}

function extension(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1).toUpperCase();
}
