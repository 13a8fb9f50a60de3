/** @file The page's side of the survey worker: it is started when it is needed and ended when a call is aborted. */

import { proxy, transfer, wrap, type Endpoint, type Remote } from 'comlink';
import { installErrorHandler } from '../../error-wire';
import { DisposedError, VLM2VecError } from '../../errors';
import { onWorkerFailure } from '../../worker-life';
import type { Layout, Snapshot } from './survey-protocol';
import type { SurveyService } from './survey-service';

interface Running {
  worker: Worker;
  service: Remote<SurveyService>;
  revision: number;
  failed: Promise<never>;
  end(error: unknown): void;
}

export class Survey {
  readonly #start: () => Worker;
  #running: Running | null = null;
  /** One call at a time: a worker has one memory. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(start: () => Worker) {
    this.#start = start;
  }

  similar(threshold: number, snapshot: Source, signal?: AbortSignal): Promise<number[][]> {
    return this.#call(snapshot, signal, (service) => service.similar(threshold));
  }

  layOut(snapshot: Source, onProgress: (fraction: number) => void, signal?: AbortSignal): Promise<Layout> {
    return this.#call(snapshot, signal, (service) => service.layOut(proxy(onProgress)));
  }

  close(): void {
    this.#running?.end(new DisposedError('The photo index was closed.'));
  }

  #call<T>(
    source: Source,
    signal: AbortSignal | undefined,
    run: (service: Remote<SurveyService>) => Promise<T>,
  ): Promise<T> {
    const result = this.#turn.then(() => this.#run(source, signal, run));
    this.#turn = result.catch(() => undefined);
    return until(signal, result);
  }

  async #run<T>(
    { revision, take }: Source,
    signal: AbortSignal | undefined,
    run: (service: Remote<SurveyService>) => Promise<T>,
  ) {
    signal?.throwIfAborted();
    if (this.#running && this.#running.revision !== revision) this.#running.end(null);
    const running = this.#running ?? (await this.#begin(await until(signal, take())));
    const abort = () => running.end(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    try {
      return await Promise.race([running.failed, run(running.service)]);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async #begin(snapshot: Snapshot): Promise<Running> {
    installErrorHandler();
    const worker = this.#start();
    let fail!: (error: unknown) => void;
    const failed = new Promise<never>((_, reject) => (fail = reject));
    failed.catch(() => undefined);
    const running: Running = {
      worker,
      service: wrap<SurveyService>(worker as Endpoint),
      revision: snapshot.revision,
      failed,
      end: (error) => {
        worker.terminate();
        if (this.#running === running) this.#running = null;
        fail(error);
      },
    };
    onWorkerFailure(worker, (message) => running.end(new VLM2VecError(message)));
    this.#running = running;
    await Promise.race([failed, running.service.load(transfer(snapshot, [snapshot.image.buffer as ArrayBuffer]))]);
    return running;
  }
}

/** Rejects with the signal's reason as soon as it is aborted, whatever becomes of the work. */
function until<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Where a snapshot comes from, if the worker does not have it yet. */
export interface Source {
  revision: number;
  take(): Promise<Snapshot>;
}
