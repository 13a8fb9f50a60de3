/**
 * @file Long-running work in a worker, interleaved with other requests: searches continue, and the work can be stopped.
 */

/** Between two turns of others, in milliseconds. */
const EVERY = 50;

export class Turns {
  readonly #signal: AbortSignal | undefined;
  #at = performance.now();

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
    signal?.throwIfAborted();
  }

  /** Whether it is others' turn: ask after every small piece of work. */
  get due(): boolean {
    return performance.now() - this.#at >= EVERY;
  }

  /** Lets others have theirs. @throws the signal's reason */
  async give(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve));
    this.#signal?.throwIfAborted();
    this.#at = performance.now();
  }
}
