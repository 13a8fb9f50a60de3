/**
 * @file Temporary folders beside a bundle that is written (Node). Their names say which process of which machine writes
 * them, so that the next writer can tidy up after one that was killed.
 */

import { createHash, randomUUID } from 'node:crypto';
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isRunning } from './lock-file.node.js';

/** Process ids mean nothing on other machines, which may share the drive. */
const machine = () => createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
/** What follows the common beginning: machine, process, random. */
const REST = /^([0-9a-f]{8})-(\d+)-[0-9a-f]{8}(-previous)?$/;

const beginning = (target: string) => `.${basename(target)}.partial-`;

/** A new name for a folder in which the bundle `target` is prepared. */
export function temporaryName(target: string): string {
  const name = `${beginning(target)}${machine()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  return join(dirname(target), name);
}

/** Where the bundle that `temporary` replaces lies until the new one is in its place. */
export const previousName = (temporary: string) => `${temporary}-previous`;

/**
 * Removes what processes that were killed left beside `target`. A bundle that one of them had already moved away, without
 * putting the new one in its place, comes back.
 */
export async function tidyUp(target: string): Promise<void> {
  const parent = dirname(target);
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith(beginning(target))) continue;
    const [, host, pid, isPrevious] = REST.exec(name.slice(beginning(target).length)) ?? [];
    if (host !== machine() || isRunning(Number(pid))) continue;
    const path = join(parent, name);
    const isMissing = (await lstat(target).catch(() => null)) === null;
    if (isPrevious && isMissing) await rename(path, target).catch(() => undefined);
    else await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}
