/** @file The state of adding one model to the browser: running, paused, and so on. It displays nothing itself. */
import type { AddOptions, models, ModelSource, ProgressEvent } from '../../src/index';

export type AddingState = 'running' | 'pausing' | 'paused' | 'failed' | 'cancelling' | 'done' | 'cancelled';

export interface AddingHooks {
  onState(state: AddingState, error: unknown): void;
  onProgress(event: ProgressEvent): void;
}

/** The part of the model store that is used here. */
export type ModelStore = Pick<typeof models, 'add' | 'delete'>;

export class Adding {
  readonly #store: ModelStore;
  readonly #source: ModelSource;
  readonly #options: AddOptions;
  readonly #name: string;
  readonly #hooks: AddingHooks;
  #abort = new AbortController();
  #attempt: Promise<void> = Promise.resolve();
  #state: AddingState = 'paused';

  /** @param name its name in the model store */
  constructor(store: ModelStore, source: ModelSource, options: AddOptions, name: string, hooks: AddingHooks) {
    this.#store = store;
    this.#source = source;
    this.#options = options;
    this.#name = name;
    this.#hooks = hooks;
  }

  /** Starts, or continues where it stopped: for the model store that is the same call. */
  start(): void {
    if (this.#state !== 'paused' && this.#state !== 'failed') return;
    this.#abort = new AbortController();
    this.#show('running');
    this.#attempt = this.#run(this.#abort.signal);
  }

  /** Progress is kept; after a reload it is in the model store as an unfinished model. */
  pause(): void {
    if (this.#state !== 'running') return;
    this.#show('pausing');
    this.#abort.abort();
  }

  /** Gives up: stops, then deletes what is stored. */
  async cancel(): Promise<void> {
    if (this.#state === 'done' || this.#state === 'cancelled' || this.#state === 'cancelling') return;
    this.#show('cancelling');
    this.#abort.abort();
    await this.#attempt;
    if (this.#isDone()) return;
    try {
      await this.#store.delete(this.#name);
      this.#show('cancelled');
    } catch (error) {
      this.#show('failed', error);
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      await this.#store.add(this.#source, {
        ...this.#options,
        signal,
        onProgress: (event) => {
          if (!signal.aborted) this.#hooks.onProgress(event);
        },
      });
      this.#show('done');
    } catch (error) {
      if (this.#state === 'cancelling') return;
      if (signal.aborted) this.#show('paused');
      else this.#show('failed', error);
    }
  }

  #isDone(): boolean {
    return this.#state === 'done';
  }

  #show(state: AddingState, error: unknown = null): void {
    this.#state = state;
    this.#hooks.onState(state, error);
  }
}
