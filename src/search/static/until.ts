/** @file One's own signal on work that is shared with others. */

/** Rejects with the signal's reason as soon as it is aborted; the work goes on, for whoever else waits for it. */
export async function until<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  if (!signal) return work;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
