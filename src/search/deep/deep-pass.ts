/**
 * @file The deep pass: pictures that the first pass has indexed are embedded by the deep model, first those that a
 * search waits for, then the others in the background. What is done is recorded in the rows, so there is no queue that
 * could be lost; each picture is computed once, whoever wants it and however many copies of it there are.
 */

import { RateMeter } from '../../bundle/rate-meter';
import { errorFromWire } from '../../remote/error-wire';
import type { Attempts } from '../indexing/attempts';
import { CALLS, CallSize, halves, MOST_INTERRUPTIONS } from '../indexing/call-size';
import type { DeepAddition } from '../library/appends';
import { failureIn, slotIn } from '../library/layers';
import type { Committed, Library } from '../library/library';
import type { EmbedOutcome } from '../library/protocol';
import type { PictureRow } from '../library/rows';
import { reasonInWords } from '../reasons';
import type { DeepState, EmbedderInput } from '../types';
import type { Elsewhere } from './elsewhere';
import { NextPictures } from './next-pictures';
import { TakeOver } from './take-over';
import { Unreadable } from './unreadable';
import { Wants, type WantOptions } from './wants';

export interface DeepHost {
  library: Library;
  attempts: Attempts;
  modelId: string;
  modelName: string | null;
  /** Whether the model's weights are streamed. */
  streamed: boolean;
  order: 'newest' | 'matching';
  /** Null while the model is being looked for. */
  elsewhere(): Elsewhere | null;
  /** @param wanted a search waits for it */
  embed(inputs: readonly EmbedderInput[], wanted: boolean): Promise<EmbedOutcome>;
  /** Ends calls in progress. */
  abort(): void;
  /** The picture's file. @throws SourceNotFoundError */
  file(row: PictureRow): Promise<File>;
  /** Whether files of a folder can be read now. */
  isReady(folderId: number): boolean;
  /** The first pass takes precedence over what nobody waits for. */
  isFirstRunning(): boolean;
  onCommit(committed: Committed): void;
  /** Called when something in {@link DeepPass.describe} has changed. */
  onChange(): void;
}

export class DeepPass {
  readonly #host: DeepHost;
  readonly #key: string;
  readonly #wants = new Wants();
  readonly #next: NextPictures;
  readonly #meter = new RateMeter();
  #pace: Pick<DeepState, 'rate' | 'secondsLeft'> = { rate: null, secondsLeft: null };
  /** Started, and not stopped. */
  #on = false;
  #closed = false;
  #error: Error | null = null;
  /** Hashes of the pictures that the model is working on. */
  readonly #inWork = new Set<string>();
  readonly #unreadable: Unreadable;
  #lanes = new Set<Promise<void>>();
  /** A suspect is in progress, so nothing else may be. */
  #alone = false;
  readonly #callSize: CallSize;
  #interruptions = 0;
  readonly #takeOver: TakeOver;

  /** For the layer that the library has in use. */
  constructor(host: DeepHost) {
    this.#host = host;
    this.#key = host.library.catalog.deep!.key;
    this.#unreadable = new Unreadable({
      library: host.library,
      key: this.#key,
      isReady: (folderId) => host.isReady(folderId),
    });
    this.#callSize = new CallSize({ streamed: host.streamed, first: 1 });
    this.#next = new NextPictures({
      order: host.order,
      catalog: () => host.library.catalog,
      revision: () => host.library.contentRevision,
      isOpen: (row) => this.#isOpen(row),
    });
    this.#takeOver = new TakeOver({
      library: host.library,
      elsewhere: () => host.elsewhere(),
      open: () => this.#next.open(),
      isOpen: (row) => this.#isOpen(row),
      isOn: () => this.#on,
      commit: (found) => this.#commit(found, []),
      onError: (error) => this.#stopWith(error),
    });
  }

  describe(): Omit<DeepState, 'error'> & { error: Error | null } {
    const { library, modelId, modelName, isFirstRunning } = this.#host;
    const { catalog } = library;
    const done = catalog.deepDone;
    const lacking = catalog.pictures - done - catalog.deepFailed;
    const unreadable = lacking === 0 ? 0 : this.#unreadable.count();
    const isLeft = lacking > unreadable;
    const phase = !isLeft ? 'idle' : !this.#on ? 'paused' : isFirstRunning() ? 'waiting' : 'running';
    return {
      ...{ modelId, modelName, phase, done, total: catalog.pictures, failed: catalog.deepFailed, unreadable },
      ...(phase === 'running' ? this.#pace : { rate: null, secondsLeft: null }),
      error: this.#error,
    };
  }

  /** Starts or resumes. */
  start(): void {
    this.#on = true;
    this.#error = null;
    this.#unreadable.clear();
    this.#meter.reset();
    this.#pace = { rate: null, secondsLeft: null };
    this.wake();
  }

  /** Starts no more pictures. Those in progress are completed and kept, since each takes long. */
  pause(): void {
    this.#on = false;
    this.#host.onChange();
  }

  /** Stops for good. Searches continue with what there is. */
  async close(): Promise<void> {
    this.#on = false;
    this.#closed = true;
    this.#wants.end();
    this.#host.abort();
    await this.#settled();
  }

  /** Pictures or folders have changed, or the first pass has ended. */
  wake(): void {
    this.#host.onChange();
    if (this.#on && !this.#closed) this.#takeOver.begin();
    while (!this.#closed && this.#lanes.size < CALLS) {
      const lane: Promise<void> = this.#lane()
        .catch((error: unknown) => this.#stopWith(error as Error))
        .finally(() => {
          this.#lanes.delete(lane);
          this.#host.onChange();
        });
      this.#lanes.add(lane);
    }
  }

  /** Folders can now be read that could not be before. */
  lookAgain(): void {
    this.#unreadable.clear();
    this.wake();
  }

  /** Forgets that it failed with these pictures (default: all). */
  async retry(ids?: readonly number[]): Promise<void> {
    const { library } = this.#host;
    const wanted = ids && new Set(ids);
    const rows = [...library.catalog.files.values()].filter(
      (row): row is PictureRow =>
        row.kind === 'picture' && failureIn(row, this.#key) !== undefined && (!wanted || wanted.has(row.id)),
    );
    if (rows.length === 0) return;
    const again = rows.map(({ id, hash }) => ({ id, hash, reason: null }));
    await this.#commit(
      again,
      rows.map((row) => this.#attempt(row)),
    );
    this.wake();
  }

  /** What the first pass found for a search, best first. */
  matched(ids: readonly number[]): void {
    this.#next.matched(ids);
  }

  /**
   * Embeds pictures now, in this order.
   * @throws the signal's reason; what was embedded is kept
   */
  async want(
    ids: readonly number[],
    options: WantOptions,
  ): Promise<{ wanted: number; embedded: number; left: number }> {
    const isDone = (id: number) => slotIn(this.#host.library.catalog.picture(id) ?? {}, this.#key) !== undefined;
    const open = ids.filter((id) => !this.#isThrough(id));
    const wanted = ids.filter((id) => !isDone(id)).length;
    if (open.length > 0 && !this.#closed) {
      const waiting = this.#wants.wait(open, options);
      this.wake();
      await waiting;
    }
    const left = ids.filter((id) => !isDone(id)).length;
    return { wanted, embedded: wanted - left, left };
  }

  async #settled(): Promise<void> {
    while (this.#lanes.size > 0) await Promise.all(this.#lanes);
    await this.#takeOver.settled();
  }

  #stopWith(error: Error): void {
    this.#on = false;
    this.#error = error;
    this.#wants.end();
  }

  /** Without an outcome so far, and with a file that can be read. */
  #isOpen(row: PictureRow): boolean {
    if (row.deep?.[this.#key] || this.#inWork.has(row.hash)) return false;
    return !this.#unreadable.has(row);
  }

  /** Whether a search need not wait for it any longer. */
  #isThrough(id: number): boolean {
    const row = this.#host.library.catalog.picture(id);
    if (!row || row.deep?.[this.#key] || this.#isSuspect(row)) return true;
    return this.#unreadable.has(row);
  }

  async #lane(): Promise<void> {
    for (;;) {
      if (this.#closed || this.#alone) return;
      const { rows, wanted, alone } = this.#pick();
      if (rows.length === 0) return;
      // Marked before anything is awaited, so that the other lane does not take the same pictures.
      for (const { hash } of rows) this.#inWork.add(hash);
      this.#alone = alone;
      try {
        await this.#work(rows, { wanted, alone });
      } finally {
        this.#alone = false;
        for (const { hash } of rows) this.#inWork.delete(hash);
        this.#wants.settle((id) => this.#isThrough(id));
      }
    }
  }

  #pick(): { rows: PictureRow[]; wanted: boolean; alone: boolean } {
    const { library, isFirstRunning } = this.#host;
    const wanted = new Map<string, PictureRow>();
    for (const id of this.#wants) {
      const row = library.catalog.picture(id);
      if (row && this.#isOpen(row) && !this.#isSuspect(row)) wanted.set(row.hash, row);
      if (wanted.size === this.#callSize.pictures) break;
    }
    if (wanted.size > 0) return { rows: [...wanted.values()], wanted: true, alone: false };
    const none = { rows: [], wanted: false, alone: false };
    if (!this.#on || isFirstRunning()) return none;
    const rows = this.#next.take(this.#callSize.pictures, (row) => !this.#isSuspect(row));
    if (rows.length > 0) return { rows, wanted: false, alone: false };
    // Pictures that may have caused a death are tried last, while nothing else is processed.
    if (this.#inWork.size > 0) return none;
    for (const row of this.#next.open()) if (this.#isSuspect(row)) return { rows: [row], wanted: false, alone: true };
    return none;
  }

  #isSuspect(row: PictureRow): boolean {
    return this.#host.attempts.isSuspect(this.#attempt(row));
  }

  /** The key of a picture's work in the record of attempts. */
  #attempt({ id }: PictureRow): string {
    return `deep\0${this.#key}\0${id}`;
  }

  /** The record of the vector for these bytes, from a copy or from another index; null if it has to be computed. */
  async #known({ hash }: PictureRow): Promise<Uint8Array | null> {
    const { library, elsewhere } = this.#host;
    for (const copy of library.catalog.withHash(hash)) {
      const slot = slotIn(copy, this.#key);
      if (slot !== undefined) return library.readRecord(this.#key, slot);
    }
    return elsewhere()?.record(hash) ?? null;
  }

  async #work(rows: readonly PictureRow[], { wanted, alone }: { wanted: boolean; alone: boolean }): Promise<void> {
    const { attempts } = this.#host;
    const batch: { row: PictureRow; file: File }[] = [];
    for (const row of rows) {
      const record = await this.#known(row);
      if (record) {
        await this.#commit(this.#ofCopies(row, { record }), []);
        continue;
      }
      if (attempts.hasFailed(this.#attempt(row))) {
        await this.#fail(row, 'The model or the page ended twice while it was working on this picture.');
        continue;
      }
      const file = await this.#fileOf(row);
      if (file) batch.push({ row, file });
    }
    if (batch.length === 0) return;
    await attempts.begin(batch.map(({ row }) => this.#attempt(row)));
    const start = performance.now();
    const complete = await this.#embed(batch, { wanted, alone });
    if (complete) this.#callSize.took(performance.now() - start, batch.length);
  }

  /** Null if it cannot be read now, or differs from what was indexed: the next walk handles that. */
  async #fileOf(row: PictureRow): Promise<File | null> {
    const file = await this.#host.file(row).catch(() => null);
    if (file && file.size === row.size && file.lastModified === row.modified) return file;
    this.#unreadable.add(row.id);
    return null;
  }

  /** Whether all of them were embedded in one call. */
  async #embed(
    batch: readonly { row: PictureRow; file: File }[],
    how: { wanted: boolean; alone: boolean },
  ): Promise<boolean> {
    const { attempts, embed } = this.#host;
    const keys = batch.map(({ row }) => this.#attempt(row));
    const outcome = await embed(
      batch.map(({ file }) => ({ image: file })),
      how.wanted,
    );
    this.#interruptions = outcome.kind === 'interrupted' ? this.#interruptions + 1 : 0;
    switch (outcome.kind) {
      case 'done':
        await this.#commit(
          batch.flatMap(({ row }, i) => this.#ofCopies(row, { vector: outcome.vectors[i]! })),
          keys,
        );
        return true;
      case 'failed':
        if (batch.length > 1) for (const half of halves(batch)) await this.#embed(half, how);
        else await this.#failed(batch[0]!, errorFromWire(outcome.error));
        return false;
      case 'died':
        await attempts.died(keys, { death: outcome.death, alone: how.alone });
        if (!outcome.restarted) throw errorFromWire(outcome.error);
        return false;
      case 'aborted':
        await attempts.release(keys);
        return false;
      case 'interrupted':
        await attempts.release(keys);
        if (!outcome.restarted || this.#interruptions > MOST_INTERRUPTIONS) throw errorFromWire(outcome.error);
        return false;
    }
  }

  /** Its file may have disappeared meanwhile, which is not the model's fault. */
  async #failed({ row, file }: { row: PictureRow; file: File }, error: Error): Promise<void> {
    const isThere = await file
      .slice(0, 1)
      .arrayBuffer()
      .catch(() => null);
    if (isThere) return this.#fail(row, reasonInWords(error));
    this.#unreadable.add(row.id);
    await this.#host.attempts.release([this.#attempt(row)]);
  }

  #fail(row: PictureRow, reason: string): Promise<void> {
    return this.#commit(this.#ofCopies(row, { reason }), [this.#attempt(row)]);
  }

  /** The same for every picture with these bytes. */
  #ofCopies(
    { hash }: PictureRow,
    outcome: { vector: Float32Array } | { record: Uint8Array } | { reason: string },
  ): DeepAddition[] {
    const copies = this.#host.library.catalog.withHash(hash).filter(({ deep }) => !deep?.[this.#key]);
    return copies.map(({ id }) => ({ id, hash, ...outcome }));
  }

  async #commit(deep: readonly DeepAddition[], ended: readonly string[]): Promise<void> {
    const { library, attempts, onCommit } = this.#host;
    const committed = await library.commit({ deep, ended });
    attempts.ended(ended);
    const { deepDone, deepFailed, pictures } = library.catalog;
    const pace = this.#meter.add(deepDone + deepFailed, pictures);
    if (pace) this.#pace = pace;
    onCommit(committed);
    this.#wants.settle((id) => this.#isThrough(id));
  }
}
