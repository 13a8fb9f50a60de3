/** @file One loaded model as the public class drives it: in this process, or behind a worker's message port. */

import type { Effort, WeightDtype } from '../bundle/manifest';
import type { Embedding } from '../multi-vector';
import { errorToWire, type WireError } from '../remote/error-wire';
import { DisposedError, VLM2VecError } from '../errors';
import { withRate } from '../runtime/rate';
import { recipeOption, type RecipeChoice } from '../recipes';
import { loadRuntime } from '../runtime/index';
import type {
  ActivationsChoice,
  Compute,
  DeviceChoice,
  EmbedInput,
  EmbedOptions,
  EmbedUsage,
  InternalOptions,
  MatmulRate,
  ModelInfo,
  OnProgress,
  OrtOptions,
  ProbePolicy,
  Runtime,
  SkippedInput,
  WeightsChoice,
} from '../runtime/index';
import type { SourceSpec } from '../sources/spec';
import { openSource } from '../sources/open';

/** Options of `load` that are plain data. */
export interface LoadSettings extends OrtOptions {
  device?: DeviceChoice;
  activations?: ActivationsChoice;
  compute?: Compute;
  dtype?: WeightDtype;
  effort?: Effort;
  recipe?: RecipeChoice;
  base?: SourceSpec;
  adapter?: SourceSpec;
  hubUrl?: string;
  accessToken?: string;
  store?: boolean;
  refresh?: boolean;
  probe?: ProbePolicy;
  vision?: 'now' | 'later';
  text?: 'now' | 'later';
  weights?: WeightsChoice;
  internal?: InternalOptions;
}

/** Options of `embed` that are plain data. */
export interface EmbedSettings extends Omit<
  EmbedOptions,
  'signal' | 'onProgress' | 'onUsage' | 'onSkip' | 'transferPixels'
> {
  /** How messages name the inputs: those that arrive here may be a part of the caller's. @default `inputs[0]`, … */
  names?: readonly string[];
}

/** What does not travel as data: it is wired up on each side. */
export interface CallHooks {
  signal?: AbortSignal;
  onProgress?: OnProgress;
  /** Pixels of the inputs may be sent away. */
  transferPixels?: boolean;
}

export interface Embedded {
  /** Null for inputs that were skipped. */
  vectors: (Embedding | null)[];
  skipped: { index: number; error: WireError }[];
  /** As it is now: a rebuilt device is noted there. */
  info: ModelInfo;
  usage: EmbedUsage;
}

/** Drives one model. */
export interface Backend {
  load(source: SourceSpec, settings: LoadSettings, hooks: CallHooks): Promise<ModelInfo>;
  /** Brings a model into the model store without loading it. Resolves to its name there; null where it stays elsewhere. */
  add(source: SourceSpec, settings: LoadSettings, hooks: CallHooks): Promise<string | null>;
  embed(inputs: readonly EmbedInput[], settings: EmbedSettings, hooks: CallHooks): Promise<Embedded>;
  /** Loads what `load` left for later. */
  prepare(hooks: CallHooks): Promise<void>;
  /** What the device of the loaded model multiplies at best. */
  matmulRate(hooks: CallHooks): Promise<MatmulRate>;
  dispose(): Promise<void>;
}

/** Runs the model where this code runs. */
export class LocalBackend implements Backend {
  #runtime: Runtime | null = null;
  #disposed = false;
  #stored: string | null = null;

  async load(source: SourceSpec, settings: LoadSettings, { signal, onProgress }: CallHooks): Promise<ModelInfo> {
    const { bundle, rest } = await this.#open(source, settings, { signal, onProgress });
    const { reader, manifest } = bundle;
    const runtime = await loadRuntime({ ...rest, reader, manifest, signal, onProgress: withRate(onProgress) });
    if (this.#disposed || signal?.aborted) {
      await runtime.dispose();
      signal?.throwIfAborted();
      throw new DisposedError('The model was disposed of while it was loading.');
    }
    this.#runtime = runtime;
    this.#stored = bundle.stored;
    return this.#info(runtime);
  }

  async add(source: SourceSpec, settings: LoadSettings, hooks: CallHooks): Promise<string | null> {
    const { bundle } = await this.#open(source, { ...settings, store: true }, hooks);
    return bundle.stored;
  }

  async embed(
    inputs: readonly EmbedInput[],
    { names, ...settings }: EmbedSettings,
    hooks: CallHooks,
  ): Promise<Embedded> {
    const runtime = this.#loaded();
    let usage!: EmbedUsage;
    const onUsage = (taken: EmbedUsage) => (usage = taken);
    const skipped: Embedded['skipped'] = [];
    const onSkip = ({ index, error }: SkippedInput) => void skipped.push({ index, error: errorToWire(error) });
    const options = { ...settings, ...hooks, onUsage, onSkip };
    const vectors = await runtime.embed<Embedding | null>(inputs, options, names);
    return { vectors, skipped, info: this.#info(runtime), usage };
  }

  async prepare({ signal, onProgress }: CallHooks): Promise<void> {
    await this.#loaded().prepare({ signal, onProgress });
  }

  async matmulRate({ signal }: CallHooks): Promise<MatmulRate> {
    return this.#loaded().matmulRate({ signal });
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#runtime?.dispose();
  }

  #loaded(): Runtime {
    if (this.#disposed) throw new DisposedError('The model was disposed of. Load it again to use it.');
    if (!this.#runtime) throw new VLM2VecError('No model is loaded.');
    return this.#runtime;
  }

  async #open(source: SourceSpec, settings: LoadSettings, { signal, onProgress }: CallHooks) {
    const { recipe } = settings;
    const { dtype, effort, base, adapter, hubUrl, accessToken, store, refresh, ...rest } = settings;
    const { wasmPaths, numThreads, weights, internal } = rest;
    const bundle = await openSource(source, {
      ...{ dtype, effort, base, adapter, hubUrl, accessToken, store, weights, refresh, signal },
      recipe: recipe === undefined ? undefined : recipeOption(recipe),
      ort: { wasmPaths, numThreads },
      wholeBytes: internal?.wholeBytes,
      blockBytes: internal?.blockBytes,
      noteBytes: internal?.noteBytes,
      retryDelay: internal?.retryDelay,
      onProgress: withRate(onProgress),
    });
    return { bundle, rest };
  }

  #info(runtime: Runtime): ModelInfo {
    return { ...runtime.info, stored: this.#stored };
  }
}
