/** @file Allows one writer of a bundle at a time, by Web Locks, which a closed or killed tab releases by itself. */

import { InvalidInputError } from '../errors';

export interface WaitOptions {
  /** Wait for the other writer to finish, instead of failing. */
  wait?: boolean;
  /** Called once if there is another writer to wait for. */
  onWait?: () => void;
  signal?: AbortSignal;
}

/**
 * Takes the lock for a bundle's name; resolves to its release. Without Web Locks (insecure contexts) there is no lock.
 * @throws InvalidInputError if another tab or worker writes the bundle, unless `wait`
 */
export async function lockName(name: string, { wait = false, onWait, signal }: WaitOptions = {}): Promise<() => void> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return () => undefined;
  const take = (options: LockOptions) =>
    new Promise<(() => void) | null>((resolve, reject) => {
      locks
        .request(`vlm2vec-write-${name}`, options, (held) => {
          if (!held) return resolve(null);
          return new Promise<void>((release) => resolve(release));
        })
        .catch(reject);
    });
  signal?.throwIfAborted();
  const release = await take({ ifAvailable: true });
  if (release) return release;
  if (!wait) throw new InvalidInputError(`Another tab or worker is writing the bundle ${name}.`, { name });
  onWait?.();
  return (await take(signal ? { signal } : {}))!;
}
