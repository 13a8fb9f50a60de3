/** @file The pictures in a folder, however the browser gives it: a directory handle, or files that were picked. */

import { InvalidInputError } from '../../errors';
import type { FolderFile } from '../types';
import type { Unread } from './folder-problems';
import { pictureKind, stemOf } from './picture-names';

/** Folders that hold previews of other programs, and what is hidden. */
const SKIPPED = /^(\.|@eaDir$|__MACOSX$|\$RECYCLE\.BIN$)/i;
/** Folders within folders; more is a loop. */
const MAX_DEPTH = 64;

/** A file that is a picture by its name. */
export interface FoundFile {
  /** Within the folder. */
  path: string;
  file: File;
  /** By its ending it is of a kind that no decoder here reads. */
  unreadable: boolean;
}

export interface WalkHooks {
  signal?: AbortSignal;
  /** What could not be read: what is in it is not known to be gone. */
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
    const unreadable = isUnreadable(name, readable);
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

/** A file that is not there was deleted meanwhile; or the whole folder is not there, and then that says nothing. */
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

/** The same of files that were picked. */
export function* walkFiles(files: readonly FolderFile[]): Generator<FoundFile> {
  const wanted = files.filter(({ path }) => !path.split('/').some((name) => SKIPPED.test(name)));
  const readable = stemsOf(wanted.map(({ path }) => path));
  for (const { path, file } of wanted) {
    const unreadable = isUnreadable(path, readable);
    if (unreadable !== null) yield { path, file, unreadable };
  }
}

/** Null: no picture, or a raw one beside the same picture in a form that can be read. */
function isUnreadable(name: string, readable: ReadonlySet<string>): boolean | null {
  const kind = pictureKind(name);
  if (kind === null || (kind === 'raw' && readable.has(stemOf(name)))) return null;
  return kind !== 'readable';
}

/** Of what can be read. */
function stemsOf(names: readonly string[]): Set<string> {
  return new Set(names.filter((name) => pictureKind(name) === 'readable').map(stemOf));
}
