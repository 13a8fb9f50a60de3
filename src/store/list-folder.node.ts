/**
 * @file Lists folders on disk (Node). On Linux a name is bytes, which need not be UTF-8; JavaScript has no path for
 * such a file, so its name is only for messages.
 */

import { isUtf8 } from 'node:buffer';
import type { Dirent, Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** What stands for bytes that are not UTF-8 in a name that Node decoded. */
const REPLACEMENT = '\ufffd';

/** What is wrong with a name that is not UTF-8, and what to do; it follows the escaped name. */
export const NOT_UTF8 = 'has a name that is not UTF-8 (\\x precedes its bytes): rename it.';

/** A file, folder or link in a folder. */
export interface ListedEntry extends Pick<Dirent, 'isFile' | 'isDirectory' | 'isSymbolicLink'> {
  /** Bytes that are not UTF-8 are written as `\xff`; different from every other name in the folder. */
  name: string;
  /** False if the name is escaped, so that it leads nowhere. */
  isUtf8: boolean;
  /** Its status, or that of what it links to. */
  status(): Promise<Stats>;
}

/** In the order of the disk. @throws the error of the file system */
export async function listFolder(folder: string): Promise<ListedEntry[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const known = (entry: Dirent): ListedEntry => listed(entry, entry.name, true, join(folder, entry.name));
  if (!entries.some(({ name }) => name.includes(REPLACEMENT))) return entries.map(known);
  const taken = new Set<string>();
  const inBytes = (await readdir(folder, { withFileTypes: true, encoding: 'buffer' })).map((entry) => ({
    entry,
    bytes: entry.name as unknown as Buffer,
  }));
  for (const { bytes } of inBytes) if (isUtf8(bytes)) taken.add(bytes.toString());
  return inBytes.map(({ entry, bytes }) => {
    const path = Buffer.concat([Buffer.from(folder + sep), bytes]);
    if (isUtf8(bytes)) return listed(entry, bytes.toString(), true, path);
    let name = escaped(bytes);
    while (taken.has(name)) name = `\\${name}`;
    taken.add(name);
    return listed(entry, name, false, path);
  });
}

function listed(
  entry: Pick<Dirent, 'isFile' | 'isDirectory' | 'isSymbolicLink'>,
  name: string,
  isText: boolean,
  path: string | Buffer,
): ListedEntry {
  return {
    name,
    isUtf8: isText,
    isFile: () => entry.isFile(),
    isDirectory: () => entry.isDirectory(),
    isSymbolicLink: () => entry.isSymbolicLink(),
    status: () => stat(path),
  };
}

function escaped(bytes: Buffer): string {
  let name = '';
  for (let at = 0; at < bytes.length;) {
    // A character of UTF-8 has at most four bytes.
    const length = [1, 2, 3, 4].find((count) => isUtf8(bytes.subarray(at, at + count))) ?? 0;
    name += length > 0 ? bytes.toString('utf8', at, at + length) : `\\x${bytes[at]!.toString(16).padStart(2, '0')}`;
    at += Math.max(1, length);
  }
  return name;
}
