/**
 * @file Texts of calls that overlap share runs: while one run computes, the texts of other calls wait, and as many of them
 * as fit make up the next run. With few tokens a run takes about as long for one text as for sixteen: quantized weights are
 * unpacked for each run, streamed ones even read.
 */

import { nextTask } from '../environment';
import { packTexts, type BatchLimits } from './batching';
import type { EmbedJob } from './embed-all';
import type { Prepared } from './prepare';

type OnPassed = (stages: { done: number; total: number }) => void;

/** What a call has to say about its part of a run. */
export interface RunHooks {
  signal: AbortSignal;
  onPassed: OnPassed;
}

export interface SharedRunsOptions extends Pick<EmbedJob, 'keyOf' | 'groupBytes' | 'bytesOf'> {
  limits: BatchLimits;
  run(batches: readonly (readonly Prepared[])[], hooks: RunHooks): Promise<Float32Array[][][]>;
}

type Batches = readonly (readonly Prepared[])[];

/** Batches of one call. */
interface Part extends RunHooks {
  batches: Batches;
  resolve(vectors: Float32Array[][][]): void;
  reject(error: unknown): void;
}

export class SharedRuns {
  readonly #options: SharedRunsOptions;
  #waiting: Part[] = [];
  #running = false;

  constructor(options: SharedRunsOptions) {
    this.#options = options;
  }

  /**
   * @param batches texts of one call, as they were packed: alone, they run like that
   * @returns the vectors of each, as `runGroup` does. // [batches][inputs][vectors][dims]
   * @throws what the run does if it has no other calls' texts; the signal's reason, at once where others' texts wait or run on
   */
  async add(batches: Batches, hooks: RunHooks): Promise<Float32Array[][][]> {
    const { signal } = hooks;
    signal.throwIfAborted();
    let leave!: () => void;
    const ran = new Promise<Float32Array[][][]>((resolve, reject) => {
      const part = { batches, ...hooks, resolve, reject };
      this.#waiting.push(part);
      leave = () => this.#leave(part);
    });
    signal.addEventListener('abort', leave);
    if (!this.#running) void this.#work();
    return ran.finally(() => signal.removeEventListener('abort', leave));
  }

  /** One run after another, as long as anything waits. Never rejects. */
  async #work(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      await nextTask(); // whoever asks at the same time is heard before the run is made up
      const parts = this.#next();
      if (parts.length === 1) await this.#runAlone(parts[0]!);
      else if (parts.length > 1) await this.#runTogether(parts);
    }
    this.#running = false;
  }

  /** A call that is aborted while it waits. */
  #leave(part: Part): void {
    const at = this.#waiting.indexOf(part);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    part.reject(part.signal.reason);
  }

  /** The first that waits, and those behind it as long as there is room. */
  #next(): Part[] {
    const parts = this.#waiting.splice(0, 1);
    while (this.#waiting.length > 0 && this.#fits([...parts, this.#waiting[0]!])) parts.push(this.#waiting.shift()!);
    return parts;
  }

  /** Whether they are one run; or, where weights are streamed, are held in memory while these pass. */
  #fits(parts: readonly Part[]): boolean {
    const { groupBytes, bytesOf } = this.#options;
    const all = textsOf(parts);
    if (groupBytes > 0) return all.reduce((sum, text) => sum + bytesOf(text), 0) <= groupBytes;
    return this.#packed(all).length === 1;
  }

  #packed(texts: readonly Prepared[]): number[][] {
    const { limits, keyOf } = this.#options;
    const lengths = texts.map(({ sequence }) => sequence.ids.length);
    return packTexts(lengths, limits, keyOf).map(({ indices }) => indices);
  }

  async #runTogether(parts: readonly Part[]): Promise<void> {
    const left = new Set(parts);
    const stop = new AbortController();
    const leaving = parts.map((part) => {
      const leave = () => {
        if (left.size === 1) return stop.abort(part.signal.reason); // and this call ends with the run
        left.delete(part);
        part.reject(part.signal.reason);
      };
      part.signal.addEventListener('abort', leave);
      return () => part.signal.removeEventListener('abort', leave);
    });
    try {
      const texts = textsOf(parts);
      const batches = this.#packed(texts).map((indices) => indices.map((i) => texts[i]!));
      const onPassed: OnPassed = (stages) => left.forEach((part) => part.onPassed(stages));
      const found = await this.#options.run(batches, { signal: stop.signal, onPassed });
      const vectors = new Map<Prepared, Float32Array[]>();
      batches.forEach((batch, b) => batch.forEach((text, i) => vectors.set(text, found[b]![i]!)));
      for (const part of parts) part.resolve(part.batches.map((batch) => batch.map((text) => vectors.get(text)!)));
    } catch {
      // Nobody knows whose text it was: each gets its own vectors, or its own error.
      for (const part of left) await this.#runAlone(part);
    } finally {
      for (const end of leaving) end();
    }
  }

  async #runAlone({ batches, signal, onPassed, resolve, reject }: Part): Promise<void> {
    try {
      signal.throwIfAborted();
      resolve(await this.#options.run(batches, { signal, onPassed }));
    } catch (error) {
      reject(error);
    }
  }
}

const textsOf = (parts: readonly Part[]): Prepared[] => parts.flatMap(({ batches }) => batches.flat());
