/** @file For calls that supersede each other: only the newest counts. */

/** Wraps `run` so that each call aborts the previous one. Failures of superseded calls are ignored. */
export function latest<Args extends unknown[]>(
  run: (signal: AbortSignal, ...args: Args) => Promise<void>,
  onError: (error: unknown) => void,
): (...args: Args) => Promise<void> {
  let controller = new AbortController();
  return async (...args) => {
    controller.abort();
    controller = new AbortController();
    const { signal } = controller;
    try {
      await run(signal, ...args);
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
  };
}

/** Calls `run` once `milliseconds` have passed without another call. */
export function debounced(run: () => void, milliseconds: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, milliseconds);
  };
}
