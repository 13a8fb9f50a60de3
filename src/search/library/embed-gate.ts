/**
 * @file Access to a model, shared by indexing and searching. A search goes first: pictures to be indexed wait while
 * there is one (`embed-queue.ts`). If the model is gone, it is restarted, and the indexer is told.
 */

import { errorToWire } from '../../remote/error-wire';
import { DisposedError, VLM2VecError } from '../../errors';
import type { EmbedderInput, PhotoEmbedder, PictureLimits } from '../types';
import { within } from './deadline';
import { EmbedQueue } from './embed-queue';
import type { EmbedOutcome } from './protocol';

/** A model that was told to stop has this many seconds before it counts as dead. */
const GRACE_SECONDS = 20;

export class EmbedGate {
  readonly #embedder: PhotoEmbedder;
  readonly #limits: Pick<PictureLimits, 'embedSeconds'>;
  readonly #queue: EmbedQueue;
  #indexing = new AbortController();
  #restarting: Promise<boolean> | null = null;
  /** Identifies a death until the model is available again. */
  #death: string | null = null;

  /** @param queue shared by all models of an index */
  constructor(embedder: PhotoEmbedder, limits: Pick<PictureLimits, 'embedSeconds'>, queue = new EmbedQueue()) {
    this.#embedder = embedder;
    this.#limits = limits;
    this.#queue = queue;
  }

  /** Embeds for a search, which looks for pictures. @throws whatever the embedder throws */
  async query(inputs: readonly EmbedderInput[], signal?: AbortSignal): Promise<Float32Array[]> {
    signal?.throwIfAborted();
    const release = this.#queue.hold(0);
    try {
      await this.#restarting;
      try {
        return this.#checked(inputs, await this.#embedder.embed(inputs, { signal, find: 'image' }));
      } catch (error) {
        if (!isGone(error) || !(await this.#restart())) throw error;
        return this.#checked(inputs, await this.#embedder.embed(inputs, { signal, find: 'image' }));
      }
    } finally {
      release();
    }
  }

  /** Embeds for indexing. @param rank 1: a search waits for it */
  async index(inputs: readonly EmbedderInput[], rank: 1 | 2 = 2): Promise<EmbedOutcome> {
    const stop = this.#indexing.signal;
    await this.#queue.turn(rank, stop);
    await this.#restarting;
    if (stop.aborted) return { kind: 'aborted' };
    const seconds = this.#limits.embedSeconds * inputs.length;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), seconds * 1000);
    const signal = AbortSignal.any([stop, late.signal]);
    try {
      const work = this.#embedder.embed(inputs, {
        signal,
        ...(this.#embedder.takesPixels && { transferPixels: true }),
      });
      const stuck = () =>
        new DisposedError(`The model did not answer for ${seconds + GRACE_SECONDS} seconds.`, { died: true });
      return { kind: 'done', vectors: this.#checked(inputs, await within(seconds + GRACE_SECONDS, work, stuck)) };
    } catch (cause) {
      const error = errorToWire(cause);
      if (hasDied(cause)) {
        this.#death ??= crypto.randomUUID();
        return { kind: 'died', error, death: this.#death, restarted: await this.#restart() };
      }
      if (isGone(cause)) return { kind: 'interrupted', error, restarted: await this.#restart() };
      if (stop.aborted) return { kind: 'aborted' };
      const slow = new VLM2VecError(`Embedding it took longer than ${seconds} seconds.`);
      if (late.signal.aborted) return { kind: 'failed', error: errorToWire(slow) };
      return error.name === 'AbortError' ? { kind: 'interrupted', error, restarted: true } : { kind: 'failed', error };
    } finally {
      clearTimeout(timer);
    }
  }

  abortIndexing(): void {
    this.#indexing.abort();
    this.#indexing = new AbortController();
  }

  /**
   * Whether the model is available again. Everyone who calls while it is being restarted waits for the same restart.
   */
  #restart(): Promise<boolean> {
    this.#restarting ??= this.#callRestart().finally(() => {
      this.#restarting = null;
      this.#death = null;
    });
    return this.#restarting;
  }

  async #callRestart(): Promise<boolean> {
    if (!this.#embedder.restart) return false;
    try {
      await this.#embedder.restart();
      return true;
    } catch {
      return false;
    }
  }

  #checked(inputs: readonly EmbedderInput[], vectors: Float32Array[]): Float32Array[] {
    const { dims } = this.#embedder;
    const isSound = vectors.length === inputs.length && vectors.every(({ length }) => length === dims);
    if (!isSound) {
      const lengths = [...new Set(vectors.map(({ length }) => length))].join(' and ');
      throw new VLM2VecError(
        `The embedder returned ${vectors.length} vectors${lengths && ` of ${lengths} dimensions`}; expected ${inputs.length} of ` +
          `${dims} dimensions.`,
      );
    }
    return vectors;
  }
}

/** Whether the model is no longer available, because it was removed or ended by itself. */
export function isGone(error: unknown): boolean {
  return (error as Error).name === 'DisposedError' || hasDied(error);
}

/** Whether it ended by itself: its worker ended, or the GPU failed permanently. */
function hasDied(error: unknown): boolean {
  const { name, details } = error as Partial<VLM2VecError>;
  return name === 'DeviceLostError' || details?.died === true;
}
