/**
 * @file Describes in words why a folder could not be scanned. A folder that has vanished does not mean that its
 * pictures were deleted.
 */

import type { FolderProblem } from '../types';

/** A part of a folder that could not be read: `''` is all of it, `a/` a folder in it, `a/b.jpg` a file. */
export interface Unread {
  path: string;
  error: unknown;
}

/** A folder, for messages. */
interface Named {
  name: string;
  /** Its pictures in the index. */
  indexed: number;
}

const kept = ({ indexed }: Named) => {
  if (indexed === 0) return '';
  return indexed === 1 ? 'Its picture stays in the index. ' : `Its ${indexed} pictures stay in the index. `;
};

/** For a folder that could not be read at all. */
export function unreadable(folder: Named, error: unknown): FolderProblem {
  const { name: path } = folder;
  if ((error as Error).name === 'NotAllowedError') {
    const reason = `“${path}” may not be read: permission is missing. ${kept(folder)}Give permission to read it.`;
    return { kind: 'refused', path, reason };
  }
  const reason =
    `“${path}” is not there: it was moved, renamed or deleted, or its drive is not connected. ${kept(folder)}` +
    'Connect the drive and scan the folder again, choose it where it is now, or remove it from the index.';
  return { kind: 'gone', path, reason };
}

/** For a folder in which no picture is left. */
export function emptied(folder: Named): FolderProblem {
  const { name: path } = folder;
  const reason =
    `There are no pictures left in “${path}”. It also looks like this while its drive is not connected. ${kept(folder)}` +
    'Connect the drive and scan the folder again, or remove it from the index.';
  return { kind: 'empty', path, reason };
}

/** For a folder parts of which could not be read. */
export function partlyRead({ name }: Named, unread: readonly Unread[]): FolderProblem {
  const [first] = unread as [Unread];
  const path = `${name}/${first.path}`;
  const parts = unread.length === 1 ? 'Part of it' : `${unread.length} parts of it`;
  const reason =
    `${parts} could not be read, the first one being “${path}” (${(first.error as Error).message}). What was indexed there is kept. ` +
    'Check whether it can be opened in other programs, then scan the folder again.';
  return { kind: 'partial', path, reason };
}
