/** @file Gives the error of a full disk its name (Node). */

import { StorageFullError } from '../errors';

/** @throws StorageFullError if the disk or the user's quota is full; else whatever `work` throws */
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
