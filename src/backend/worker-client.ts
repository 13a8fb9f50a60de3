/** @file The page's side of the worker: a {@link Backend} whose calls end even if the worker dies. */

import { proxy, transfer, type Remote } from 'comlink';
import { DisposedError, InvalidInputError } from '../errors';
import { cannotStart, LivingWorker, START_SECONDS, WorkerEnded, type WorkerLike } from '../remote/living-worker';
import { numbered } from '../remote/numbered-calls';
import type { EmbedInput, MatmulRate, ModelInfo, OnProgress } from '../runtime/index';
import type { SourceSpec } from '../sources/spec';
import type { Backend, CallHooks, Embedded, EmbedSettings, LoadSettings } from './local';
import type { ProgressListener, WorkerService } from './worker-service';

const REMEDY =
  'Set `worker: false` to run the model in this thread, or pass as `worker` a function that starts a worker whose script the page may run.';

const UNSENDABLE =
  'This cannot be sent to the worker: it contains something that is not plain data, or a picture that is closed or came ' +
  'from another server without CORS.';

function isUnsendable(error: unknown): error is DOMException {
  return error instanceof DOMException && error.name === 'DataCloneError';
}

/** The memory of the inputs' pixels, each once: two inputs may share it. */
function pixelBuffers(inputs: readonly EmbedInput[]): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  for (const input of inputs) {
    const image: unknown = typeof input === 'object' && 'image' in input ? input.image : input;
    for (const each of Array.isArray(image) ? (image as unknown[]) : [image]) {
      if (typeof each !== 'object' || each === null || !('data' in each)) continue;
      if (each.data instanceof Uint8Array && each.data.buffer instanceof ArrayBuffer) found.add(each.data.buffer);
    }
  }
  return [...found];
}

/** Drives a model in a worker. */
export class WorkerBackend implements Backend {
  readonly #worker: LivingWorker<WorkerService>;
  readonly #connected: Promise<void>;
  readonly #progress = new Map<number, OnProgress>();

  /**
   * @throws WorkerStartError where the page may not start the worker
   * @throws InvalidInputError where what is started is no worker
   */
  constructor(start: () => WorkerLike) {
    this.#worker = new LivingWorker({ name: 'model', start, remedy: REMEDY });
    this.#connected = this.#connect();
    this.#connected.catch(() => undefined);
  }

  load(source: SourceSpec, settings: LoadSettings, hooks: CallHooks): Promise<ModelInfo> {
    return this.#call(hooks, (service, call) => service.load(call, source, settings));
  }

  add(source: SourceSpec, settings: LoadSettings, hooks: CallHooks): Promise<string | null> {
    return this.#call(hooks, (service, call) => service.add(call, source, settings));
  }

  embed(inputs: readonly EmbedInput[], settings: EmbedSettings, hooks: CallHooks): Promise<Embedded> {
    const sent = hooks.transferPixels ? transfer([...inputs], pixelBuffers(inputs)) : inputs;
    return this.#call(hooks, (service, call) => service.embed(call, sent, settings));
  }

  prepare(hooks: CallHooks): Promise<void> {
    return this.#call(hooks, (service, call) => service.prepare(call));
  }

  matmulRate(hooks: CallHooks): Promise<MatmulRate> {
    return this.#call(hooks, (service, call) => service.matmulRate(call));
  }

  /** Ends the worker, which gives all memory back. Calls in flight reject with {@link DisposedError}. */
  async dispose(): Promise<void> {
    this.#worker.end(new DisposedError('The model was disposed of. Load it again to use it.'));
  }

  async #connect(): Promise<void> {
    const listener: ProgressListener = (call, event) => this.#progress.get(call)?.(event);
    try {
      // The longer time: one that the caller started cannot be started again.
      await this.#worker.connect(
        (service, lifeLock) => service.connect(proxy(listener), lifeLock),
        START_SECONDS.later,
      );
    } catch (error) {
      if (error instanceof WorkerEnded) throw cannotStart('model', error.message, REMEDY, error);
      throw error;
    }
  }

  #call<T>(
    { signal, onProgress }: CallHooks,
    run: (service: Remote<WorkerService>, call: number) => Promise<T>,
  ): Promise<T> {
    const listening = async (call: number) => {
      if (onProgress) this.#progress.set(call, onProgress);
      try {
        await this.#connected;
        signal?.throwIfAborted();
        return await this.#worker.run((service) => run(service, call));
      } catch (error) {
        if (isUnsendable(error)) throw new InvalidInputError(`${UNSENDABLE} (${error.message})`, {}, { cause: error });
        if (!(error instanceof WorkerEnded)) throw error;
        throw new DisposedError(`${error.message} Load the model again.`, { died: true }, { cause: error });
      } finally {
        this.#progress.delete(call);
      }
    };
    return numbered(listening, (call) => void this.#worker.service.abort(call), signal);
  }
}
