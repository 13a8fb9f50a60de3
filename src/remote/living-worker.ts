/**
 * @file A worker whose end is always noticed: when it may not be started, when its script cannot be loaded or does not
 * start, when it fails, or when the system kills it, which only the lock that it held reveals.
 */

import { wrap, type Endpoint, type Remote } from 'comlink';
import { installErrorHandler } from './error-wire';
import { InvalidInputError, VLM2VecError, WorkerStartError } from '../errors';
import { onLifeLockFree, onWorkerFailure } from './life-lock';

/**
 * Seconds for a worker's script to arrive and start. A worker that was killed before that cannot be told from a slow
 * one, so the first gets less time if another can be started after it, and that one gets more.
 */
export const START_SECONDS = { first: 10, later: 60 } as const;

/** The part of a `Worker` that we need; a `MessagePort` in tests. */
export type WorkerLike = Endpoint & {
  terminate?(): void;
};

/** The worker ended by itself; nobody on the page's side asked it to. */
export class WorkerEnded extends VLM2VecError {}

/** An error for callers: why the worker does not start, and what they can do about it. */
export function cannotStart(name: string, reason: string, remedy: string, cause: unknown): WorkerStartError {
  return new WorkerStartError(`The ${name} worker cannot be started: ${reason} ${remedy}`, { worker: name }, { cause });
}

export interface LivingWorkerOptions {
  /** Its name in messages: 'search'. */
  name: string;
  start: () => WorkerLike;
  /** For messages: what a caller can do if workers do not start. */
  remedy: string;
}

export class LivingWorker<S> {
  readonly service: Remote<S>;
  /** Rejects when the worker is gone; never resolves. */
  readonly ended: Promise<never>;
  readonly #name: string;
  readonly #worker: WorkerLike;
  readonly #watch = new AbortController();
  #reject!: (error: unknown) => void;

  /**
   * @throws WorkerStartError if the page may not start it: sandboxed frames, Trusted Types, a script of another origin
   * @throws InvalidInputError if what is started is not a worker
   */
  constructor({ name, start, remedy }: LivingWorkerOptions) {
    installErrorHandler();
    this.#name = name;
    let script: string | undefined;
    try {
      [this.#worker, script] = startNoting(start);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw cannotStart(name, /[.!?]$/.test(reason) ? reason : `${reason}.`, remedy, cause);
    }
    if (typeof this.#worker?.postMessage !== 'function') {
      throw new InvalidInputError('`worker` must be a Worker, or a function that returns one.', { option: 'worker' });
    }
    this.service = wrap<S>(this.#worker);
    this.ended = new Promise<never>((_, reject) => (this.#reject = reject));
    this.ended.catch(() => undefined);
    onWorkerFailure(this.#worker, (message) => this.end(new WorkerEnded(message)), script);
  }

  /**
   * Resolves once the worker holds its lock. Call this before anything else.
   * @param hold has the worker take the lock of that name, by `holdLifeLock`
   * @throws WorkerEnded if that does not happen within `seconds`
   */
  async connect(hold: (service: Remote<S>, lifeLock: string) => Promise<boolean>, seconds: number): Promise<void> {
    const name = this.#name;
    const lifeLock = `vlm2vec-${name}-worker-${crypto.randomUUID()}`;
    const late = setTimeout(
      () => this.end(new WorkerEnded(`The ${name} worker did not start within ${seconds} seconds.`)),
      seconds * 1000,
    );
    const held = await this.run((service) => hold(service, lifeLock)).finally(() => clearTimeout(late));
    if (!held) return;
    const onEnd = () => this.end(new WorkerEnded(`The ${name} worker ended, probably because memory ran out.`));
    onLifeLockFree(lifeLock, onEnd, this.#watch.signal);
  }

  /** A call, which ends when the worker does. */
  run<T>(call: (service: Remote<S>) => Promise<T>): Promise<T> {
    return Promise.race([this.ended, call(this.service)]);
  }

  /** Ends the worker. Calls reject with the error; the first one counts. */
  end(error: unknown): void {
    if (this.#watch.signal.aborted) return;
    this.#watch.abort();
    this.#reject(error);
    this.#worker.terminate?.();
  }
}

/**
 * Returns the worker and the address of its script. Neither a `Worker` nor its events reveal the address, so the
 * constructor is watched for the length of the call.
 */
function startNoting(start: () => WorkerLike): [WorkerLike, string | undefined] {
  const { Worker } = globalThis;
  if (Worker === undefined) return [start(), undefined];
  let script: string | undefined;
  globalThis.Worker = new Proxy(Worker, {
    construct: (target, [url, options]: ConstructorParameters<typeof Worker>, self) => {
      script = new URL(url, globalThis.location?.href).href;
      return Reflect.construct(target, [url, options], self) as Worker;
    },
  });
  try {
    return [start(), script];
  } finally {
    globalThis.Worker = Worker;
  }
}
