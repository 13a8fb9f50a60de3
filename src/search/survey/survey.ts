/**
 * @file The page's side of the survey worker: the worker is started when needed and terminated when a call is aborted.
 */

import { proxy, transfer, type Remote } from 'comlink';
import { TaskQueue } from '../../task-queue';
import { until } from '../../until';
import { DisposedError } from '../../errors';
import { cannotStart, LivingWorker, START_SECONDS, WorkerEnded } from '../../remote/living-worker';
import type { Layout, Snapshot } from './protocol';
import type { SurveyService } from './service';

const REMEDY = 'Pass as `surveyWorker` a function that starts a worker whose script the page may run.';

interface Running {
  worker: LivingWorker<SurveyService>;
  revision: number;
}

export class Survey {
  readonly #start: () => Worker;
  #running: Running | null = null;
  /** One call at a time: a worker has one memory. */
  readonly #turns = new TaskQueue();

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
    this.#end(new DisposedError('The photo index was closed.'));
  }

  #call<T>(
    source: Source,
    signal: AbortSignal | undefined,
    run: (service: Remote<SurveyService>) => Promise<T>,
  ): Promise<T> {
    return until(
      signal,
      this.#turns.add(() => this.#run(source, signal, run)),
    );
  }

  async #run<T>(
    { revision, take }: Source,
    signal: AbortSignal | undefined,
    run: (service: Remote<SurveyService>) => Promise<T>,
  ) {
    signal?.throwIfAborted();
    if (this.#running?.revision !== revision) this.#end(null);
    const abort = () => this.#end(signal?.reason);
    signal?.addEventListener('abort', abort);
    try {
      const { worker } = this.#running ?? (await this.#begin(await until(signal, take()), signal));
      return await worker.run(run);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async #begin(snapshot: Snapshot, signal: AbortSignal | undefined): Promise<Running> {
    let worker = this.#startWorker(snapshot);
    const connect = (seconds: number) => worker.connect((service, lifeLock) => service.connect(lifeLock), seconds);
    try {
      await connect(START_SECONDS.first);
    } catch (error) {
      if (!(error instanceof WorkerEnded)) throw error;
      signal?.throwIfAborted();
      worker = this.#startWorker(snapshot);
      await connect(START_SECONDS.later).catch((again: unknown) => {
        throw again instanceof WorkerEnded ? cannotStart('survey', again.message, REMEDY, again) : again;
      });
    }
    await worker.run((service) => service.load(transfer(snapshot, [snapshot.image.buffer as ArrayBuffer])));
    return { worker, revision: snapshot.revision };
  }

  #startWorker({ revision }: Snapshot): LivingWorker<SurveyService> {
    const options = { name: 'survey', start: this.#start, remedy: REMEDY };
    const running = { worker: new LivingWorker<SurveyService>(options), revision };
    this.#running = running;
    running.worker.ended.catch(() => {
      if (this.#running === running) this.#running = null;
    });
    return running.worker;
  }

  #end(error: unknown): void {
    this.#running?.worker.end(error);
    this.#running = null;
  }
}

/** Where a snapshot comes from, if the worker does not have it yet. */
export interface Source {
  revision: number;
  take(): Promise<Snapshot>;
}
