/** @file Retries what fails in passing, with growing pauses, and for no longer than the caller wants. */

/** Attempts in all, counted again whenever one got further than the one before. */
const ATTEMPTS = 4;
/** A server that asks for a longer pause is taken to be out of service. */
export const LONGEST_WAIT = 120_000;

export interface RetryOptions {
  signal?: AbortSignal;
  /** Pause before the second attempt, doubled for each further one, in milliseconds. @default 500 */
  retryDelay?: number;
}

/** A failure that may pass. `after`: how long the server asks us to wait, in milliseconds. */
export class PassingFailure extends Error {
  override name = 'PassingFailure';
  readonly after: number | null;

  constructor(message: string, after: number | null, options?: ErrorOptions) {
    super(message, options);
    this.after = after;
  }
}

/** Statuses that may pass a moment later: too many requests, timeouts, and failures of the server. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/**
 * What may pass about a refused request; null if it is final. `url`: what was requested.
 */
export function passingRefusal(response: Response, url: string): PassingFailure | null {
  const { status } = response;
  if (isPassing(status)) {
    return new PassingFailure(
      `the server answered with status ${status}`,
      retryAfter(response.headers.get('Retry-After')),
    );
  }
  // A signed address of another host that was good a moment ago: ask for a new one.
  if (status === 403 && response.redirected && !sameOrigin(response.url, url)) {
    return new PassingFailure('the address to which the server redirected refused access (status 403)', null);
  }
  return null;
}

function sameOrigin(a: string, b: string): boolean {
  return new URL(a).origin === new URL(b, globalThis.location?.href).origin;
}

/** `Retry-After` in milliseconds: seconds, or a date. Null if there is none. */
export function retryAfter(value: string | null): number | null {
  if (value === null || value.trim() === '') return null;
  const milliseconds = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : null;
}

/**
 * Calls `attempt` until it succeeds, fails for good, or a {@link PassingFailure} has come too often without progress.
 * @param progress a number that grows as attempts make progress
 * @throws what the last attempt threw
 */
export async function retrying<T>(
  attempt: () => Promise<T>,
  { signal, retryDelay = 500 }: RetryOptions,
  progress: () => number = () => 0,
): Promise<T> {
  let reached = progress();
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof PassingFailure)) throw error;
      if (progress() > reached) {
        reached = progress();
        failures = 1;
      }
      const pause = error.after ?? retryDelay * 2 ** (failures - 1) * (1 + Math.random() / 4);
      if (failures >= ATTEMPTS || pause > LONGEST_WAIT) throw error;
      await wait(pause, signal);
    }
  }
}

/** Resolves after a while; rejects with the signal's reason on abort. */
export function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
