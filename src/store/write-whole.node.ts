/** @file Writing a file so that under its name it is always whole, whenever the process or the machine stops. */

import { open, rename, rm } from 'node:fs/promises';
import { writing } from './write-errors.node.js';

/** Writes a file and waits until the disk has it. @throws StorageFullError, NotWritableError */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  await writing(path, async () => {
    const handle = await open(path, 'w');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

/**
 * Replaces a file: a reader finds the old text or the new one. On an error the old file stays, and nothing else is left.
 * @param temporary where the text is written first; on the same disk
 * @throws StorageFullError, NotWritableError
 */
export async function replaceFile(path: string, text: string, temporary = `${path}.partial`): Promise<void> {
  try {
    await writeDurably(temporary, text);
    await writing(path, () => rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one that matters
    throw error;
  }
}
