/**
 * @file A worker whose end is noticed, however it comes: its script cannot be loaded or does not begin, it fails, or the
 * system kills it, of which nothing tells but the lock that it held.
 */

import { wrap, type Endpoint, type Remote } from 'comlink';
import { installErrorHandler } from './error-wire';
import { VLM2VecError } from '../errors';
import { onLifeLockFree, onWorkerFailure } from './life-lock';

/**
 * For a worker's script to come and to begin, in seconds: one that was killed before is like one that takes its time. So
 * the first one gets less, and whoever starts another one after it gives that more.
 */
export const START_SECONDS = { first: 10, later: 60 } as const;

/** Not by its page. */
export class WorkerEnded extends VLM2VecError {}

export class LivingWorker<S> {
  readonly service: Remote<S>;
  /** Rejects when the worker is gone; never resolves. */
  readonly ended: Promise<never>;
  readonly #name: string;
  readonly #worker: Worker;
  readonly #watch = new AbortController();
  #reject!: (error: unknown) => void;

  /** @param name for messages: 'search' */
  constructor(name: string, worker: Worker) {
    installErrorHandler();
    this.#name = name;
    this.#worker = worker;
    this.service = wrap<S>(worker as Endpoint);
    this.ended = new Promise<never>((_, reject) => (this.#reject = reject));
    this.ended.catch(() => undefined);
    onWorkerFailure(worker, (message) => this.end(new WorkerEnded(message)));
  }

  /**
   * Resolves once the worker holds its lock. To be called before anything else.
   * @param hold has the worker take the lock of that name, by `holdLifeLock`
   * @throws WorkerEnded
   */
  async connect(hold: (service: Remote<S>, lifeLock: string) => Promise<void>, seconds: number): Promise<void> {
    const name = this.#name;
    const lifeLock = `vlm2vec-${name}-worker-${crypto.randomUUID()}`;
    const late = setTimeout(
      () => this.end(new WorkerEnded(`The ${name} worker did not start within ${seconds} seconds.`)),
      seconds * 1000,
    );
    await this.run((service) => hold(service, lifeLock)).finally(() => clearTimeout(late));
    const onEnd = () => this.end(new WorkerEnded(`The ${name} worker ended, probably because memory ran out.`));
    onLifeLockFree(lifeLock, onEnd, this.#watch.signal);
  }

  /** A call, which ends when the worker does. */
  run<T>(call: (service: Remote<S>) => Promise<T>): Promise<T> {
    return Promise.race([this.ended, call(this.service)]);
  }

  /** Ends the worker. Calls reject with the error; the first one counts. */
  end(error: unknown): void {
    this.#watch.abort();
    this.#worker.terminate();
    this.#reject(error);
  }
}
