/**
 * @file Keeps a model usable when its GPU is lost: it is rebuilt once and the work in progress is repeated; a second
 * loss is reported.
 */

import { DeviceLostError, DisposedError } from '../errors';

/** A second loss within this time is not repaired: the GPU cannot hold the model. */
const LOSS_WINDOW_MS = 60_000;

/** What can be lost. */
export interface Losable {
  readonly isLost: boolean;
  release(): Promise<void>;
}

export interface RecoveringOptions<T> {
  first: T;
  /** Creates a new one, after the lost one was released. */
  rebuild(signal: AbortSignal): Promise<T>;
  /** The time in milliseconds; for tests. */
  now?: () => number;
}

export class Recovering<T extends Losable> {
  /** How often a lost one was replaced. */
  recoveries = 0;
  #current: T;
  #rebuilding: Promise<T> | null = null;
  #lostAt = -Infinity;
  readonly #rebuild: RecoveringOptions<T>['rebuild'];
  readonly #now: () => number;
  readonly #life = new AbortController();

  constructor({ first, rebuild, now = () => performance.now() }: RecoveringOptions<T>) {
    this.#current = first;
    this.#rebuild = rebuild;
    this.#now = now;
  }

  /** The one in use now, without repair. */
  get current(): T {
    return this.#current;
  }

  /** Aborts, with a {@link DisposedError}, on {@link dispose}. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  /**
   * Runs `work`, and repeats it on a new device if the current one is lost meanwhile.
   * @throws DeviceLostError on a second loss within a minute, and if rebuilding fails
   */
  async run<R>(work: (current: T) => Promise<R>): Promise<R> {
    for (;;) {
      this.life.throwIfAborted();
      const current = this.#current.isLost ? await this.#replacement(this.#current) : this.#current;
      try {
        return await work(current);
      } catch (error) {
        if (!current.isLost) throw error;
      }
    }
  }

  /** Releases everything. Calling it twice does no harm. */
  async dispose(): Promise<void> {
    if (this.life.aborted) return;
    this.#life.abort(new DisposedError('The model was disposed of. Load it again to use it.'));
    await this.#rebuilding?.catch(() => undefined);
    await this.#current.release();
  }

  /** One rebuild serves all who noticed the loss. */
  #replacement(lost: T): Promise<T> {
    this.#rebuilding ??= this.#replace(lost).finally(() => {
      this.#rebuilding = null;
    });
    return this.#rebuilding;
  }

  async #replace(lost: T): Promise<T> {
    const again = this.#now() - this.#lostAt < LOSS_WINDOW_MS;
    this.#lostAt = this.#now();
    await lost.release();
    if (again) {
      throw new DeviceLostError(
        'The GPU was lost twice within a minute. Load the model again: with a smaller dtype, smaller maxPixels, or ' +
          "device: 'wasm'.",
        { recoveries: this.recoveries },
      );
    }
    try {
      this.#current = await this.#rebuild(this.life);
    } catch (cause) {
      if (cause instanceof DisposedError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DeviceLostError(
        `The GPU was lost and could not be set up again (${reason}). Load the model again.`,
        { reason },
        { cause },
      );
    }
    this.recoveries += 1;
    return this.#current;
  }
}
