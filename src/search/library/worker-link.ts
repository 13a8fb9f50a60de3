/**
 * @file The page's connection to the search worker. Calls end even if the worker dies; then another one replaces it,
 * opens the index as before, and is told which pictures may have been the cause.
 */

import { proxy, type Remote } from 'comlink';
import { DisposedError, VLM2VecError } from '../../errors';
import { cannotStart, LivingWorker, START_SECONDS, WorkerEnded } from '../../remote/living-worker';
import type { InnocentWork, OpenSettings, PageHooks } from './protocol';
import type { SearchService } from './service';

/** Deaths in a row, without a sign of life between them, after which it gives up. */
const MOST_DEATHS = 5;
/** How many workers may end before any has started: after that, none can. */
const MOST_STARTS = 2;
const REMEDY = 'Pass as `worker` of openPhotoIndex a function that starts a worker whose script the page may run.';
/** The pause before a new worker after the first of several deaths, doubled after each further one, in milliseconds. */
const PAUSE = 50;

export interface LinkOptions {
  start: () => Worker;
  settings: Omit<OpenSettings, 'innocent'>;
  /** The hooks of the index; what is being decoded is kept here. */
  hooks: Omit<PageHooks, 'onDecoding'>;
  /** How the last page was left. */
  left: InnocentWork['left'];
  /** Called when a worker has died and another one has taken over. */
  onRevived(): void;
  /** Called when workers keep dying. The next call tries again. */
  onGivenUp(error: Error): void;
  onSession(session: string | null): void;
}

type Line = LivingWorker<SearchService>;

export class WorkerLink {
  readonly #options: LinkOptions;
  #line: Promise<Line>;
  #session: string | null = null;
  #decoding: readonly string[] = [];
  #deaths = 0;
  /** A worker has started in this page. */
  #hasBegun = false;
  #closed = false;
  /** When the worker last gave a sign of life: too long a silence means that it hangs. */
  #lastSign = performance.now();
  readonly #watchdog: ReturnType<typeof setInterval>;

  private constructor(options: LinkOptions) {
    this.#options = options;
    this.#line = this.#begin({ left: options.left, ended: null }, false);
    this.#line.catch(() => undefined);
    const patience = (options.settings.limits.decodeSeconds + 30) * 1000;
    this.#watchdog = setInterval(() => {
      if (this.#decoding.length > 0 && performance.now() - this.#lastSign > patience) void this.#killHanging();
    }, 5000);
  }

  /** @throws whatever opening the index throws */
  static async open(options: LinkOptions): Promise<WorkerLink> {
    const link = new WorkerLink(options);
    for (;;) {
      try {
        await link.#line;
        return link;
      } catch (error) {
        if (error instanceof WorkerEnded) continue; // another one is being started
        link.#closed = true;
        clearInterval(link.#watchdog);
        throw error;
      }
    }
  }

  /**
   * Calls the worker. A call that a worker's death cut short is repeated, since no call does harm when made twice.
   * @throws VLM2VecError if workers keep ending; WorkerStartError if they do not start
   */
  async call<T>(run: (service: Remote<SearchService>) => Promise<T>): Promise<T> {
    for (;;) {
      if (this.#deaths > MOST_DEATHS) {
        this.#deaths = 0;
        this.#line = this.#begin({ left: null, ended: null }, true);
        this.#line.catch(() => undefined);
      }
      try {
        const line = await this.#line;
        return await line.run(run);
      } catch (error) {
        if (!(error instanceof WorkerEnded) || this.#closed) throw error;
      }
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#watchdog);
    const line = await this.#line.catch(() => null);
    await line?.run((service) => service.close()).catch(() => undefined);
    line?.end(new DisposedError('The photo index was closed.'));
  }

  async #killHanging(): Promise<void> {
    this.#lastSign = performance.now();
    (await this.#line.catch(() => null))?.end(new WorkerEnded('The search worker stopped responding.'));
  }

  async #begin(innocent: InnocentWork, patient: boolean): Promise<Line> {
    const { start, settings, hooks, onSession } = this.#options;
    const line: Line = new LivingWorker({ name: 'search', start, remedy: REMEDY });
    const sign = () => {
      this.#lastSign = performance.now();
      this.#deaths = 0;
    };
    const remote: PageHooks = {
      embed: (inputs) => {
        sign();
        return hooks.embed(inputs);
      },
      abortEmbeddings: () => hooks.abortEmbeddings(),
      embedDeep: (inputs, wanted) => {
        sign();
        return hooks.embedDeep(inputs, wanted);
      },
      abortDeep: () => hooks.abortDeep(),
      places: () => hooks.places(),
      onState: (state) => {
        sign();
        hooks.onState(state);
      },
      left: () => hooks.left(),
      onDecoding: (keys) => {
        sign();
        this.#decoding = keys;
      },
    };
    line.ended.catch((error: Error) => this.#revive(error));
    await line.connect(
      (service, lifeLock) => service.connect(proxy(remote), lifeLock),
      this.#deaths === 0 ? START_SECONDS.first : START_SECONDS.later,
    );
    this.#hasBegun = true;
    this.#session = await line.run((service) => service.open({ ...settings, innocent }, patient));
    onSession(this.#session);
    return line;
  }

  #revive(cause: Error): void {
    if (this.#closed) return;
    this.#deaths++;
    const { hooks, onRevived, onGivenUp } = this.#options;
    hooks.abortEmbeddings();
    hooks.abortDeep();
    const ended = this.#session === null ? null : { session: this.#session, decoding: this.#decoding };
    this.#decoding = [];
    const neverBegins = !this.#hasBegun && this.#deaths >= MOST_STARTS;
    if (neverBegins || this.#deaths > MOST_DEATHS) {
      const error = neverBegins
        ? cannotStart('search', cause.message, REMEDY, cause)
        : new VLM2VecError(`The search worker keeps terminating. Reload the page. (${cause.message})`);
      this.#line = Promise.reject(error);
      this.#line.catch(() => undefined);
      onGivenUp(error);
      return;
    }
    this.#line = this.#again({ left: null, ended });
    this.#line.then(onRevived, () => undefined);
  }

  async #again(innocent: InnocentWork): Promise<Line> {
    await new Promise((resolve) => setTimeout(resolve, PAUSE * 2 ** this.#deaths));
    if (this.#closed) throw new DisposedError('The photo index was closed.');
    return this.#begin(innocent, innocent.ended !== null);
  }
}
