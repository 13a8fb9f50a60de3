/** @file Calls that can be stopped across a worker's boundary, which no AbortSignal can cross, so each has a number. */

export class NumberedCalls {
  readonly #running = new Map<number, AbortController>();

  /** In the worker: does the work of a call, with a signal that {@link abort} ends. */
  async run<T>(call: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#running.set(call, controller);
    try {
      return await work(controller.signal);
    } finally {
      this.#running.delete(call);
    }
  }

  /** Does nothing if the call has ended. */
  abort(call: number): void {
    this.#running.get(call)?.abort();
  }
}

let calls = 0;

/**
 * In the page: makes a call with a number of its own.
 * @param abort tells the worker, which still decides how the call ends
 * @throws the signal's reason if the call ended because of it, else whatever the call throws
 */
export async function numbered<T>(
  run: (call: number) => Promise<T>,
  abort: (call: number) => void,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const call = calls++;
  const stop = () => abort(call);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await run(call);
  } catch (error) {
    // The worker only knows that it was aborted; the reason stayed here.
    if (signal?.aborted && error instanceof DOMException && error.name === 'AbortError') throw signal.reason;
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
