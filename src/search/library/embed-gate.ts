/**
 * @file The way to the model, which is one for indexing and for searching. A search goes first: pictures to be indexed
 * wait while there is one. Where the model is gone it is restarted, and whoever indexes learns of it.
 */

import { errorToWire } from '../../error-wire';
import { DisposedError, VLM2VecError } from '../../errors';
import type { EmbedderInput, PhotoEmbedder, PictureLimits } from '../types';
import { within } from './deadline';
import type { EmbedOutcome } from './protocol';

/** A model that was told to stop has so many seconds before it counts as dead. */
const GRACE_SECONDS = 20;

export class EmbedGate {
  readonly #embedder: PhotoEmbedder;
  readonly #limits: Pick<PictureLimits, 'embedSeconds'>;
  #queries = 0;
  #waiting: (() => void)[] = [];
  #indexing = new AbortController();
  #restarting: Promise<boolean> | null = null;

  constructor(embedder: PhotoEmbedder, limits: Pick<PictureLimits, 'embedSeconds'>) {
    this.#embedder = embedder;
    this.#limits = limits;
  }

  /** For a search. @throws what the embedder does */
  async query(inputs: readonly EmbedderInput[], signal?: AbortSignal): Promise<Float32Array[]> {
    signal?.throwIfAborted();
    this.#queries++;
    try {
      await this.#restarting;
      try {
        return this.#checked(inputs, await this.#embedder.embed(inputs, { signal }));
      } catch (error) {
        if (!isGone(error) || !(await this.#restart())) throw error;
        return this.#checked(inputs, await this.#embedder.embed(inputs, { signal }));
      }
    } finally {
      this.#queries--;
      if (this.#queries === 0) for (const go of this.#waiting.splice(0)) go();
    }
  }

  /** For indexing. */
  async index(inputs: readonly EmbedderInput[]): Promise<EmbedOutcome> {
    const stop = this.#indexing.signal;
    while (this.#queries > 0 && !stop.aborted) await new Promise<void>((go) => this.#waiting.push(go));
    await this.#restarting;
    if (stop.aborted) return { kind: 'aborted' };
    const seconds = this.#limits.embedSeconds * inputs.length;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), seconds * 1000);
    const signal = AbortSignal.any([stop, late.signal]);
    try {
      const work = this.#embedder.embed(inputs, { signal });
      const stuck = () => new DisposedError(`The model did not answer for ${seconds + GRACE_SECONDS} seconds.`);
      return { kind: 'done', vectors: this.#checked(inputs, await within(seconds + GRACE_SECONDS, work, stuck)) };
    } catch (cause) {
      if (isGone(cause)) return { kind: 'died', error: errorToWire(cause), restarted: await this.#restart() };
      if (stop.aborted) return { kind: 'aborted' };
      const slow = new VLM2VecError(`Embedding it took longer than ${seconds} seconds.`);
      return { kind: 'failed', error: errorToWire(late.signal.aborted ? slow : cause) };
    } finally {
      clearTimeout(timer);
    }
  }

  abortIndexing(): void {
    this.#indexing.abort();
    this.#indexing = new AbortController();
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Whether there is a model again. Who calls while it is being restarted waits for the same. */
  #restart(): Promise<boolean> {
    this.#restarting ??= this.#callRestart().finally(() => (this.#restarting = null));
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
    if (!isSound)
      throw new VLM2VecError(`The embedder gave other vectors than ${inputs.length} of ${dims} dimensions.`);
    return vectors;
  }
}

function isGone(error: unknown): boolean {
  const { name } = error as Error;
  return name === 'DisposedError' || name === 'DeviceLostError';
}
