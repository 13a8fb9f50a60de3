/** @file One loaded model as the public class drives it: in this process, or behind a worker's message port. */

import type { WeightDtype } from './bundle/manifest';
import { DisposedError, VLM2VecError } from './errors';
import { loadRuntime } from './runtime';
import type {
  ActivationsChoice,
  DeviceChoice,
  EmbedInput,
  EmbedOptions,
  InternalOptions,
  ModelInfo,
  OnProgress,
  OrtOptions,
  ProbePolicy,
  Runtime,
} from './runtime';
import type { SourceSpec } from './source-spec';
import { openSource } from './sources';

/** Options of `load` that are plain data. */
export interface LoadSettings extends OrtOptions {
  device?: DeviceChoice;
  activations?: ActivationsChoice;
  dtype?: WeightDtype;
  base?: SourceSpec;
  adapter?: SourceSpec;
  hubUrl?: string;
  accessToken?: string;
  probe?: ProbePolicy;
  internal?: InternalOptions;
}

/** Options of `embed` that are plain data. */
export type EmbedSettings = Omit<EmbedOptions, 'signal' | 'onProgress'>;

/** What does not travel as data: it is wired up on each side. */
export interface CallHooks {
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

export interface Embedded {
  vectors: Float32Array[];
  /** As it is now: a rebuilt device is noted there. */
  info: ModelInfo;
}

/** Drives one model. */
export interface Backend {
  load(source: SourceSpec, settings: LoadSettings, hooks: CallHooks): Promise<ModelInfo>;
  embed(inputs: readonly EmbedInput[], settings: EmbedSettings, hooks: CallHooks): Promise<Embedded>;
  dispose(): Promise<void>;
}

/** Runs the model where this code runs. */
export class LocalBackend implements Backend {
  #runtime: Runtime | null = null;
  #disposed = false;

  async load(source: SourceSpec, settings: LoadSettings, { signal, onProgress }: CallHooks): Promise<ModelInfo> {
    const { dtype, base, adapter, hubUrl, accessToken, ...rest } = settings;
    const bundle = await openSource(source, { dtype, base, adapter, hubUrl, accessToken, signal, onProgress });
    const runtime = await loadRuntime({ ...rest, ...bundle, signal, onProgress });
    if (this.#disposed || signal?.aborted) {
      await runtime.dispose();
      signal?.throwIfAborted();
      throw new DisposedError('The model was disposed while it loaded.');
    }
    this.#runtime = runtime;
    return runtime.info;
  }

  async embed(inputs: readonly EmbedInput[], settings: EmbedSettings, hooks: CallHooks): Promise<Embedded> {
    if (this.#disposed) throw new DisposedError('The model was disposed. Load it again to use it.');
    if (!this.#runtime) throw new VLM2VecError('No model is loaded.');
    const vectors = await this.#runtime.embed(inputs, { ...settings, ...hooks });
    return { vectors, info: this.#runtime.info };
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#runtime?.dispose();
  }
}
