/** @file A disk that is full, by its name (Node). */

import { StorageFullError } from '../errors';

/** @throws StorageFullError where the disk, or the user's share of it, is full; else what `work` does */
export async function namingFull<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw cause;
    throw new StorageFullError(
      'The disk is full. What was already stored is kept: free some space, then try again.',
      { cause: code },
      { cause },
    );
  }
}
