/**
 * @file How the page learns that a worker is gone. Nothing reports a worker that the system killed, so it holds a Web
 * Lock as long as it lives, and the page waits for that lock.
 */

import { whyNotLoaded } from '../net';

/** What we need of a `Worker`; a `MessagePort` in tests. */
export interface LifeEvents {
  addEventListener(type: string, listener: (event: Event) => void): void;
}

/**
 * In the worker. Resolves once the lock is held, so that whoever waits for it learns when this worker ends; resolves to
 * false if there are no Web Locks, or none for this origin (a sandboxed frame's).
 */
export function holdLifeLock(name: string): Promise<boolean> {
  const { locks } = globalThis.navigator ?? {};
  if (!locks) return Promise.resolve(false);
  return new Promise((resolve) => {
    const hold = () => {
      resolve(true);
      return new Promise<never>(() => undefined);
    };
    locks.request(name, hold).catch(() => resolve(false));
  });
}

/** In the page, once the worker holds the lock. Without Web Locks it never calls back. */
export function onLifeLockFree(name: string, onEnd: () => void, signal: AbortSignal): void {
  globalThis.navigator?.locks?.request(name, { signal }, onEnd).catch(() => undefined);
}

/**
 * Calls back with a message when the worker fails in a way that browsers report: in its script, or by a message that
 * cannot be read. When a script does not load, browsers say nothing, so the server is asked once more.
 */
export function onWorkerFailure(worker: LifeEvents, onFailure: (message: string) => void, script?: string): void {
  worker.addEventListener('error', (event) => {
    const { message } = event as ErrorEvent;
    if (message) return onFailure(`The worker failed: ${message}.`);
    const unknown = 'The worker failed: its script could not be loaded.';
    whyNotLoaded('script', { url: script }).then(
      (why) => onFailure(why?.message ?? unknown),
      () => onFailure(unknown),
    );
  });
  worker.addEventListener('messageerror', () => onFailure('A message to or from the worker could not be read.'));
}
