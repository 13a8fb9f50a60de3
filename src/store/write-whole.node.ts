/** @file Writing a file so that under its name it is always whole, whenever the process or the machine stops. */

import { open, rename, rm } from 'node:fs/promises';

/** Writes a file and waits until the disk has it. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file: a reader finds the old text or the new one. On an error the old file stays, and nothing else is left.
 * @param temporary where the text is written first; on the same disk
 */
export async function replaceFile(path: string, text: string, temporary = `${path}.partial`): Promise<void> {
  try {
    await writeDurably(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
