/** @file The page's side of the worker: a {@link Backend} whose calls end even if the worker dies. */

import { proxy, releaseProxy, wrap, type Endpoint, type Remote } from 'comlink';
import { DisposedError, VLM2VecError } from '../errors';
import { installErrorHandler } from '../remote/error-wire';
import { numbered } from '../remote/numbered-calls';
import type { EmbedInput, ModelInfo, OnProgress } from '../runtime/index';
import type { Backend, CallHooks, Embedded, EmbedSettings, LoadSettings } from './local';
import type { SourceSpec } from '../sources/spec';
import { onLifeLockFree, onWorkerFailure } from '../remote/life-lock';
import type { ModelService } from './worker-service';

/** What we need of a `Worker`; a `MessagePort` in tests. */
export type WorkerLike = Endpoint & {
  terminate?(): void;
};

/** Drives a model in a worker. */
export class WorkerBackend implements Backend {
  readonly #worker: WorkerLike;
  readonly #service: Remote<ModelService>;
  readonly #connected: Promise<void>;
  readonly #progress = new Map<number, OnProgress>();
  readonly #lifeLock = `vlm2vec-worker-${crypto.randomUUID()}`;
  /** Stops waiting for the worker's lock. */
  readonly #watch = new AbortController();
  /** Rejects when the worker is gone; never resolves. */
  readonly #ended: Promise<never>;
  #endedBy: Error | null = null;
  #rejectAll!: (error: Error) => void;
  #disposing: Promise<void> | null = null;

  constructor(worker: WorkerLike) {
    installErrorHandler();
    this.#worker = worker;
    this.#service = wrap<ModelService>(worker);
    this.#ended = new Promise((_, reject) => (this.#rejectAll = reject));
    this.#ended.catch(() => undefined);
    onWorkerFailure(worker, (message, cause) => {
      this.#end(new VLM2VecError(message, cause === undefined ? { died: true } : { died: true, message: cause }));
    });
    this.#connected = this.#connect();
    this.#connected.catch(() => undefined);
  }

  load(source: SourceSpec, settings: LoadSettings, hooks: CallHooks): Promise<ModelInfo> {
    return this.#call(hooks, (call) => this.#service.load(call, source, settings));
  }

  add(source: SourceSpec, settings: LoadSettings, hooks: CallHooks): Promise<string | null> {
    return this.#call(hooks, (call) => this.#service.add(call, source, settings));
  }

  embed(inputs: readonly EmbedInput[], settings: EmbedSettings, hooks: CallHooks): Promise<Embedded> {
    return this.#call(hooks, (call) => this.#service.embed(call, inputs, settings));
  }

  /** Ends the worker, which gives all memory back. Calls in flight reject with {@link DisposedError}. */
  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  /** The first reason counts. */
  #end(error: Error): void {
    this.#endedBy ??= error;
    this.#rejectAll(error);
  }

  async #dispose(): Promise<void> {
    this.#end(new DisposedError('The model was disposed. Load it again to use it.'));
    this.#watch.abort();
    this.#service[releaseProxy]();
    this.#worker.terminate?.();
  }

  async #connect(): Promise<void> {
    const listener = (call: number, event: Parameters<OnProgress>[0]) => this.#progress.get(call)?.(event);
    await Promise.race([this.#service.connect(proxy(listener), this.#lifeLock), this.#ended]);
    onLifeLockFree(
      this.#lifeLock,
      () => {
        const message = 'The worker ended, probably because memory ran out. Load the model again.';
        this.#end(new DisposedError(message, { died: true }));
      },
      this.#watch.signal,
    );
  }

  #call<T>({ signal, onProgress }: CallHooks, run: (call: number) => Promise<T>): Promise<T> {
    const listening = async (call: number) => {
      if (onProgress) this.#progress.set(call, onProgress);
      try {
        await Promise.race([this.#ended, this.#connected]);
        if (this.#endedBy) throw this.#endedBy;
        signal?.throwIfAborted();
        return await Promise.race([this.#ended, run(call)]);
      } finally {
        this.#progress.delete(call);
      }
    };
    return numbered(listening, (call) => void this.#service.abort(call), signal);
  }
}
