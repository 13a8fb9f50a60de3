/** @file Gives the refusals of the file system their names when something is written (Node): which file, why, what to do. */

import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { NotWritableError, StorageFullError } from '../errors';

/** Why nothing more is written, by the system's code, and what to do. */
const REFUSALS: Readonly<Record<string, readonly [why: string, remedy: string]>> = {
  ENOSPC: ['the disk is full', 'Free some space'],
  EDQUOT: ['the quota is used up', 'Free some space'],
  EFBIG: ['the file is larger than the disk or the user may have it', 'Write to another disk, or raise the limit'],
  EIO: ['the disk reported an error', 'Check the disk, or write to another one'],
  EACCES: ['permission is missing', 'Change the permissions, or name another place'],
  EPERM: ['that is not permitted', 'Change the permissions, or name another place'],
  EROFS: ['the disk is read-only', 'Name a place on another disk'],
  ENOTDIR: ['a part of its path is not a folder', 'Name another place'],
  EEXIST: ['a file has that name', 'Name another place'],
  EISDIR: ['a folder has that name', 'Name another place'],
  ENAMETOOLONG: ['its name is too long', 'Choose a shorter one'],
};

/** Whether the machine is at fault, and not the place that was named. */
export const isMachineFault = ({ details: { cause } }: NotWritableError) => cause === 'EFBIG' || cause === 'EIO';

/** Why nothing can be written, in words; null for anything other than a refusal of the file system. */
export function whyNotWritten(error: unknown): string | null {
  const { code } = error as NodeJS.ErrnoException;
  const refusal = error instanceof Error && typeof code === 'string' ? REFUSALS[code] : undefined;
  return refusal ? `${refusal[0]} (${code})` : null;
}

/**
 * Runs what writes a file or folder.
 * @param file its name for the message
 * @param then what to do after the remedy, and what is kept
 * @throws StorageFullError if the disk or the user's quota is full, NotWritableError for other refusals, both with
 * `details.file` and the system's code as `details.cause`; anything else that `work` throws
 */
export async function writing<T>(file: string, work: () => Promise<T>, then = 'try again'): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const why = whyNotWritten(cause);
    if (why === null) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const Named = code === 'ENOSPC' || code === 'EDQUOT' ? StorageFullError : NotWritableError;
    throw new Named(
      `${file} cannot be written: ${why}. ${REFUSALS[code!]![1]}, then ${then}.`,
      { file, cause: code },
      { cause },
    );
  }
}

/** {@link writing}, of something that continues where it was. */
export function writingKept<T>(file: string, work: () => Promise<T>): Promise<T> {
  return writing(file, work, 'try again: what was already stored is kept');
}

/** Creates a folder and those above it. @returns the topmost that had to be created. @throws as {@link writing} */
export async function makeFolder(folder: string): Promise<string | undefined> {
  return writing(folder, () => mkdir(folder, { recursive: true }));
}

/** Opens a file for reading and writing; creates an empty one if there is none. */
export async function openToWrite(path: string): Promise<FileHandle> {
  return open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return open(path, 'w+');
  });
}

/** Writes all of the bytes: a system may write fewer than it was given. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}
