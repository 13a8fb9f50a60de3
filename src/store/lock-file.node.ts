/** @file One writer of a folder at a time (Node): a lock file that holds the writer's process id. */

import { open, readFile, rm } from 'node:fs/promises';
import { InvalidInputError } from '../errors';
import { wait as pause } from '../net';
import type { WaitOptions } from './locks';

const POLL = 250;

/**
 * Creates the lock file; resolves to its release. A file of a process that is gone does not count.
 * @throws InvalidInputError where another process, or another call in this one, writes `what`, unless `wait`
 */
export async function lockFile(
  path: string,
  what: string,
  { wait = false, onWait, signal }: WaitOptions = {},
): Promise<() => Promise<void>> {
  for (let first = true; ; first = false) {
    signal?.throwIfAborted();
    const handle = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
      return null;
    });
    if (handle) {
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(path, { force: true });
    }
    if (!(await isHeld(path))) {
      await rm(path, { force: true });
      continue;
    }
    if (!wait) throw new InvalidInputError(`Another process is writing the bundle ${what}.`, { path });
    if (first) onWait?.();
    await pause(POLL, signal);
  }
}

async function isHeld(path: string): Promise<boolean> {
  const pid = Number(await readFile(path, 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 0) return true; // it is just being written
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
