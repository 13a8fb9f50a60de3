/** @file The pictures in a folder, whichever way the browser provides it: as a directory handle, or as picked files. */

import { InvalidInputError } from '../../errors';
import type { FolderFile } from '../types';
import type { Unread } from './folder-problems';
import { pictureKind, stemOf } from './picture-names';

/** Folders with previews made by other programs, and hidden ones. */
const SKIPPED = /^(\.|@eaDir$|__MACOSX$|\$RECYCLE\.BIN$)/i;
/** The deepest nesting of folders; more is a loop. */
const MAX_DEPTH = 64;

/** A file that is a picture by its name. */
export interface FoundFile {
  /** Its path within the folder. */
  path: string;
  file: File;
  /** According to its extension, no decoder here can read it. */
  unreadable: boolean;
}

export interface WalkHooks {
  signal?: AbortSignal;
  /** Parts that could not be read: it is not known whether their pictures are gone. */
  onUnread(unread: Unread): void;
}

/** Every picture, folder by folder in the order of names. */
export async function* walkHandle(
  folder: FileSystemDirectoryHandle,
  hooks: WalkHooks,
  path = '',
  depth = 0,
): AsyncGenerator<FoundFile> {
  const { signal, onUnread } = hooks;
  signal?.throwIfAborted();
  const entries: FileSystemHandle[] = [];
  try {
    if (depth > MAX_DEPTH) throw new InvalidInputError('The folders are nested too deeply.', { path });
    for await (const entry of folder.values()) if (!SKIPPED.test(entry.name)) entries.push(entry);
  } catch (error) {
    onUnread({ path, error });
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const vanished: Unread[] = [];
  const readable = stemsOf(entries.map(({ name }) => name));
  for (const entry of entries) {
    signal?.throwIfAborted();
    const { name } = entry;
    if (entry.kind === 'directory') {
      yield* walkHandle(entry as FileSystemDirectoryHandle, hooks, `${path}${name}/`, depth + 1);
      continue;
    }
    const unreadable = standsForFolder(entry) ? false : isUnreadable(name, readable);
    if (unreadable === null) continue;
    try {
      yield { path: path + name, file: await (entry as FileSystemFileHandle).getFile(), unreadable };
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      const unread = { path: path + name, error };
      if (error.name === 'NotFoundError') vanished.push(unread);
      else onUnread(unread);
    }
  }
  if (vanished.length > 0) await tellUnread(folder, path, vanished, onUnread);
}

/** Whether it takes the place of a folder that cannot be entered: reading it says why, whatever its extension. */
function standsForFolder(entry: FileSystemHandle & { standsForFolder?: boolean }): boolean {
  return entry.standsForFolder === true;
}

/** A missing file was deleted meanwhile; or the whole folder is missing, and then that proves nothing. */
async function tellUnread(
  folder: FileSystemDirectoryHandle,
  path: string,
  vanished: readonly Unread[],
  onUnread: WalkHooks['onUnread'],
): Promise<void> {
  const listed = new Set<string>();
  try {
    for await (const name of folder.keys()) listed.add(path + name);
  } catch (error) {
    onUnread({ path, error });
    return;
  }
  for (const unread of vanished) if (listed.has(unread.path)) onUnread(unread);
}

/** The same for picked files. */
export function* walkFiles(files: readonly FolderFile[]): Generator<FoundFile> {
  const wanted = files.filter(({ path }) => !path.split('/').some((name) => SKIPPED.test(name)));
  const readable = stemsOf(wanted.map(({ path }) => path));
  for (const { path, file } of wanted) {
    const unreadable = isUnreadable(path, readable);
    if (unreadable !== null) yield { path, file, unreadable };
  }
}

/** Null if it is not a picture, or is a raw file beside the same picture in a readable format. */
function isUnreadable(name: string, readable: ReadonlySet<string>): boolean | null {
  const kind = pictureKind(name);
  if (kind === null || (kind === 'raw' && readable.has(stemOf(name)))) return null;
  return kind !== 'readable';
}

/** The stems of the readable pictures. */
function stemsOf(names: readonly string[]): Set<string> {
  return new Set(names.filter((name) => pictureKind(name) === 'readable').map(stemOf));
}
