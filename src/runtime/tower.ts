/**
 * @file One of the two networks as stages in order. Their weights are loaded once and stay (`resident`), or are loaded
 * again for each group of runs (`streamed`): then a stage is read, processes all runs, and is replaced by the
 * next.
 */

import type { Tensor } from 'onnxruntime-common';
import type { BundleReader } from '../bundle/storage';
import { letEventsIn } from '../environment';
import { BundleFiles } from './files';
import type { LiveStages } from './live-stages';
import type { TaskQueue } from '../task-queue';
import { ortQueue } from './queue';
import type { Feeds, Stage, StagePart } from './stage';
import type { OnStage } from './usage';

/** The inputs of one run of the tower. */
export interface TowerRun {
  /** Only for the first stage: freed once that has run. */
  first: Feeds;
  /** For all stages. */
  feeds: Feeds;
}

export interface TowerHooks {
  signal?: AbortSignal;
  /** Set if stages are to be measured: each is then awaited. */
  onStage?: OnStage;
  /** Called for each stage that has processed all runs, if weights are streamed. */
  onPassed?: () => void;
}

export interface Tower {
  readonly parts: readonly StagePart[];
  /** What is to stay in memory but is not loaded yet. */
  readonly lacking: readonly StagePart[];
  /** Loads that; after a failure, the next call continues where it stopped. */
  load(files: BundleFiles, signal?: AbortSignal): Promise<void>;
  /**
   * The output of each run, in order. The caller frees the tensors.
   * @param runs created when their turn comes, since their inputs are large
   */
  run(runs: readonly (() => Promise<TowerRun>)[], hooks: TowerHooks): Promise<Tensor[]>;
}

export interface TowerOptions {
  parts: readonly StagePart[];
  stages: LiveStages;
  /** Whether this thread is blocked while a stage runs. */
  blocks: boolean;
  /** Rejects as soon as the device is lost. */
  unlessLost<T>(work: Promise<T>): Promise<T>;
  isLost(): boolean;
  /** Resolves when the device has finished its work. */
  submitted(): Promise<unknown>;
}

/** Outputs stay on the GPU until the next stage has read them; runs are processed one after another. */
export class ResidentTower implements Tower {
  readonly parts: readonly StagePart[];
  readonly #options: TowerOptions & { keepsLast: boolean };
  readonly #ready: Stage[] = [];

  /** @param options `keepsLast`: the last output is for another tower, and stays on the GPU too */
  constructor(options: TowerOptions & { keepsLast: boolean }) {
    this.#options = options;
    this.parts = options.parts;
  }

  get lacking(): readonly StagePart[] {
    return this.parts.slice(this.#ready.length);
  }

  async load(files: BundleFiles, signal?: AbortSignal): Promise<void> {
    const { stages, keepsLast } = this.#options;
    for (const part of this.lacking) {
      signal?.throwIfAborted();
      const keepOnGpu = keepsLast || part !== this.parts.at(-1);
      this.#ready.push(await stages.load(part, await files.weights(part), { keepOnGpu, signal }));
    }
  }

  async run(runs: readonly (() => Promise<TowerRun>)[], hooks: TowerHooks): Promise<Tensor[]> {
    const outputs: Tensor[] = [];
    try {
      for (const make of runs) outputs.push(await this.#through(await make(), hooks));
      return outputs;
    } catch (error) {
      await this.#freeAll(outputs);
      throw error;
    }
  }

  async #through({ first, feeds }: TowerRun, hooks: TowerHooks): Promise<Tensor> {
    let read = Object.values(first);
    try {
      for (const [i, stage] of this.#ready.entries()) {
        const inputs = i === 0 ? { ...feeds, ...first } : { ...feeds, hidden: read[0]! };
        read = [await runStage(stage, inputs, read, { ...this.#options, ...hooks })];
      }
      return read[0]!;
    } catch (error) {
      await this.#freeAll(read);
      throw error;
    }
  }

  /** The buffers are gone along with the device, and ONNX Runtime may still be waiting for it. */
  async #freeAll(tensors: readonly Tensor[]): Promise<void> {
    if (!this.#options.isLost()) await ortQueue.add(async () => tensors.forEach(free));
  }
}

/**
 * One stage in memory at a time, and the bytes of the next, which are read while it runs. What stages pass on is kept
 * in main memory: a group's activations would not fit beside the weights on a GPU that has no room for all weights.
 */
export class StreamedTower implements Tower {
  readonly lacking = [];
  readonly parts: readonly StagePart[];
  readonly #options: TowerOptions & { reader: BundleReader; turns: TaskQueue };

  /** @param options `turns`: one group at a time among all that share it */
  constructor(options: TowerOptions & { reader: BundleReader; turns: TaskQueue }) {
    this.#options = options;
    this.parts = options.parts;
  }

  async load(): Promise<void> {
    // Nothing stays in memory.
  }

  run(runs: readonly (() => Promise<TowerRun>)[], hooks: TowerHooks): Promise<Tensor[]> {
    if (runs.length === 0) return Promise.resolve([]);
    return this.#options.turns.add(() => this.#pass(runs, hooks), hooks.signal);
  }

  async #pass(
    runs: readonly (() => Promise<TowerRun>)[],
    { signal, onStage, onPassed }: TowerHooks,
  ): Promise<Tensor[]> {
    const { stages, reader } = this.#options;
    const end = new AbortController();
    const files = new BundleFiles(reader, [], { signal: signal ? AbortSignal.any([signal, end.signal]) : end.signal });
    const read = (part: StagePart | undefined) => {
      const weights = part && files.weights(part);
      weights?.catch(() => undefined); // it is reported when its turn comes, if that happens
      return weights;
    };
    const feeds: Feeds[] = [];
    let hidden: Tensor[] = [];
    let next = read(this.parts[0]);
    try {
      for (const [i, part] of this.parts.entries()) {
        const stage = await stages.load(part, (await next)!, { keepOnGpu: false, signal });
        try {
          next = read(this.parts[i + 1]);
          const options = { ...this.#options, signal, onStage };
          for (const [at, make] of runs.entries()) {
            if (i === 0) {
              const run = await make();
              feeds.push(run.feeds);
              const inputs = { ...run.feeds, ...run.first };
              hidden.push(await runStage(stage, inputs, Object.values(run.first), options));
            } else {
              const input = hidden[at]!;
              hidden[at] = await runStage(stage, { ...feeds[at], hidden: input }, [input], options);
            }
          }
        } finally {
          await stages.release(stage);
        }
        onPassed?.();
      }
      return hidden;
    } finally {
      hidden = [];
      end.abort();
      await next?.catch(() => undefined);
    }
  }
}

/** @param read tensors that are freed once the stage has read them, but not if it fails */
async function runStage(
  stage: Stage,
  inputs: Feeds,
  read: readonly Tensor[],
  { blocks, unlessLost, submitted, signal, onStage }: RunStageOptions,
): Promise<Tensor> {
  if (blocks) await letEventsIn();
  return ortQueue.add(async () => {
    const start = performance.now();
    const output = await unlessLost(stage.run(inputs));
    if (onStage) {
      await unlessLost(submitted());
      onStage({ name: stage.name, milliseconds: performance.now() - start, flops: stage.flops(inputs) });
    }
    read.forEach(free);
    return output;
  }, signal);
}

type RunStageOptions = Pick<TowerOptions, 'blocks' | 'unlessLost' | 'submitted'> &
  Pick<TowerHooks, 'signal' | 'onStage'>;

/** Frees a tensor once; a second time does no harm. */
export function free(tensor: Tensor | null): void {
  if (tensor && tensor.location !== 'none') tensor.dispose();
}
