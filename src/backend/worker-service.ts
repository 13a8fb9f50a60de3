/** @file The worker's side: a {@link LocalBackend} with calls numbered, so that aborts and progress find theirs. */

import { releaseProxy, transfer, type Remote } from 'comlink';
import { isMultiVector, type Embedding } from '../multi-vector';
import { NumberedCalls } from '../remote/numbered-calls';
import type { EmbedInput, MatmulRate, ModelInfo, ProgressEvent } from '../runtime/index';
import {
  LocalBackend,
  type Backend,
  type CallHooks,
  type Embedded,
  type EmbedSettings,
  type LoadSettings,
} from './local';
import type { SourceSpec } from '../sources/spec';
import { holdLifeLock } from '../remote/life-lock';

/** Progress of call number `call`, from the worker to the page. */
export type ProgressListener = (call: number, event: ProgressEvent) => void;

const bufferOf = (vector: Embedding): ArrayBuffer =>
  (isMultiVector(vector) ? vector.data : vector).buffer as ArrayBuffer;

/** Serves one model. Expose it with comlink. */
export class WorkerService {
  readonly #backend: Backend;
  readonly #calls = new NumberedCalls();
  #listener: Remote<ProgressListener> | null = null;

  constructor(backend: Backend = new LocalBackend()) {
    this.#backend = backend;
  }

  /**
   * The first call: where progress goes, and the lock that this worker holds as long as it lives.
   * @returns whether it holds it, see {@link holdLifeLock}
   */
  connect(listener: ProgressListener, lifeLock: string): Promise<boolean> {
    this.#listener = listener as unknown as Remote<ProgressListener>;
    return holdLifeLock(lifeLock);
  }

  load(call: number, source: SourceSpec, settings: LoadSettings): Promise<ModelInfo> {
    return this.#run(call, (hooks) => this.#backend.load(source, settings, hooks));
  }

  add(call: number, source: SourceSpec, settings: LoadSettings): Promise<string | null> {
    return this.#run(call, (hooks) => this.#backend.add(source, settings, hooks));
  }

  async embed(call: number, inputs: readonly EmbedInput[], settings: EmbedSettings): Promise<Embedded> {
    const result = await this.#run(call, (hooks) => this.#backend.embed(inputs, settings, hooks));
    return transfer(
      result,
      result.vectors.flatMap((vector) => (vector === null ? [] : [bufferOf(vector)])),
    );
  }

  prepare(call: number): Promise<void> {
    return this.#run(call, (hooks) => this.#backend.prepare(hooks));
  }

  matmulRate(call: number): Promise<MatmulRate> {
    return this.#run(call, (hooks) => this.#backend.matmulRate(hooks));
  }

  abort(call: number): void {
    this.#calls.abort(call);
  }

  async dispose(): Promise<void> {
    await this.#backend.dispose();
    this.#listener?.[releaseProxy]();
    this.#listener = null;
  }

  #run<T>(call: number, work: (hooks: CallHooks) => Promise<T>): Promise<T> {
    return this.#calls.run(call, (signal) =>
      work({ signal, onProgress: (event) => void this.#listener?.(call, event) }),
    );
  }
}
