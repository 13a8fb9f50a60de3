/** @file Work that must not overlap, one after another. */

/** Runs async tasks strictly one after another, in the order they were added. A failed task does not stop the rest. */
export class TaskQueue {
  #tail: Promise<unknown> = Promise.resolve();

  /**
   * @param signal a task that is aborted while it waits rejects at once, and never starts.
   * @returns what `task` gives; rejects with what it throws, or with the signal's reason.
   */
  add<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    let started = false;
    const result = this.#tail.then(() => {
      signal?.throwIfAborted();
      started = true;
      return task();
    });
    this.#tail = result.catch(() => undefined);
    if (!signal) return result;
    return new Promise((resolve, reject) => {
      const abort = () => {
        if (!started) reject(signal.reason as Error);
      };
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      void result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    });
  }
}
