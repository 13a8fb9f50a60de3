/** @file Allows one writer of a folder at a time (Node), by a lock file that holds the writer's process id. */

import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { InvalidInputError } from '../errors';
import { wait as pause } from '../net';
import type { WaitOptions } from './locks';
import { writing } from './write-errors.node.js';

const POLL = 250;
/**
 * A lock without a process id that is older than this, in milliseconds, was left by a crash: the id is written within
 * it.
 */
const STALE_EMPTY = 10_000;

/**
 * Creates the lock file; resolves to its release. A file of a process that is gone does not count.
 * @throws InvalidInputError if another process, or another call in this one, writes `what`, unless `wait`;
 * `details.pid` is that process
 * @throws StorageFullError, NotWritableError
 */
export async function lockFile(
  path: string,
  what: string,
  { wait = false, onWait, signal }: WaitOptions = {},
): Promise<() => Promise<void>> {
  for (let first = true; ; first = false) {
    signal?.throwIfAborted();
    if (await writing(path, () => create(path))) return () => rm(path, { force: true });
    const holder = await holderOf(path);
    if (holder === 'gone') {
      await removeStale(path);
      continue;
    }
    if (!wait) {
      throw new InvalidInputError(`Another process is writing the bundle ${what}.`, { path, pid: holder ?? undefined });
    }
    if (first) onWait?.();
    await pause(POLL, signal);
  }
}

/**
 * False if the file already exists. It gets its content at once if the file system has links, so that a crash leaves no
 * empty file.
 */
async function create(path: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID().slice(0, 8)}`;
  try {
    await writeFile(temporary, String(process.pid));
    await link(temporary, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    return await createPlain(path);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined); // a folder that may not be written to
  }
}

async function createPlain(path: string): Promise<boolean> {
  const handle = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    return null;
  });
  await handle?.writeFile(String(process.pid));
  await handle?.close();
  return handle !== null;
}

/** The process that holds it; null while the file is being written. */
async function holderOf(path: string): Promise<number | 'gone' | null> {
  const pid = Number(await readFile(path, 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 0) {
    const status = await stat(path).catch(() => null);
    return status && Date.now() - status.mtimeMs > STALE_EMPTY ? 'gone' : null;
  }
  return isRunning(pid) ? pid : 'gone';
}

/** Whether this machine has a process with that id, of any user. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Moves the file away to look at it again: another process may have done so first, and may have its own there by now.
 */
async function removeStale(path: string): Promise<void> {
  const aside = `${path}.${randomUUID().slice(0, 8)}`;
  try {
    await rename(path, aside);
  } catch {
    return; // another process was quicker
  }
  if ((await holderOf(aside)) !== 'gone') await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}
