/**
 * @file Bundles in the origin-private file system of a browser.
 *
 * OPFS cannot rename a folder, so publishing is one small write: each bundle is written into a folder of its own
 * (`vlm2vec/<name>~<id>/`), and the pointer file `vlm2vec/<name>.current` names the folder that counts. Readers follow
 * the pointer. A folder that no pointer names is an unfinished bundle if it has a journal; otherwise it is a leftover
 * that the next writer of that name removes. A Web Lock keeps two tabs from writing one bundle.
 */

import { isPlainPath } from '../bundle/paths';
import type { BundleReader, StoredFile } from '../bundle/storage';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import { blobFile } from './bytes-file';
import { JOURNAL_PATH } from './journal';
import { lockName } from './locks';
import { absent, createFile, fileHandle, folderBytes, hasOpfs, openRoot, openStream, removeEntry } from './opfs-files';

const POINTER = '.current';
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/;

/**
 * The published bundle called `name`. Its files' `data()` are disk-backed `File`s.
 * Opening rejects with {@link SourceNotFoundError} if there is no such bundle or file.
 */
export function opfsBundle(name: string): BundleReader {
  checkName(name);
  return folderReader(name, async () => {
    const root = await openRoot();
    const folder = await currentFolder(root, name);
    if (folder === null) throw new SourceNotFoundError(`No bundle named ${name} is stored in this browser.`, { name });
    return root.getDirectoryHandle(folder);
  });
}

/** Returns the unfinished bundle called `name`, as far as it has been written; null if there is none. */
export async function unfinishedOpfsBundle(name: string): Promise<BundleReader | null> {
  checkName(name);
  if (!hasOpfs()) return null;
  const folder = await unfinishedFolder(await openRoot(), name);
  return folder && folderReader(name, async () => folder);
}

/** A bundle kept in this browser. */
export interface OpfsEntry {
  /** For `VLM2Vec.load({ name })`. */
  name: string;
  /** Size of the folder. */
  bytes: number;
}

/** Names and sizes of the bundles that are published, smallest name first. */
export async function listOpfsBundles(): Promise<OpfsEntry[]> {
  if (!hasOpfs()) return [];
  const root = await openRoot();
  const found: OpfsEntry[] = [];
  for (const entry of await entries(root)) {
    if (!entry.endsWith(POINTER)) continue;
    const name = entry.slice(0, -POINTER.length);
    const folder = await currentFolder(root, name);
    if (folder !== null) found.push({ name, bytes: await folderBytes(await root.getDirectoryHandle(folder)) });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names and sizes of the bundles that an interrupted writer left, to be continued. */
export async function listUnfinishedOpfsBundles(): Promise<OpfsEntry[]> {
  if (!hasOpfs()) return [];
  const root = await openRoot();
  const names = new Set(
    (await entries(root)).filter((entry) => entry.includes('~')).map((entry) => entry.split('~')[0]!),
  );
  const found: OpfsEntry[] = [];
  for (const name of [...names].sort()) {
    const folder = await unfinishedFolder(root, name);
    if (folder) found.push({ name, bytes: await folderBytes(folder) });
  }
  return found;
}

/**
 * Deletes a bundle, finished or not, including what a crash left of earlier ones. Does nothing if there is none.
 * @throws InvalidInputError if another tab or worker is writing it
 */
export async function deleteOpfsBundle(name: string): Promise<void> {
  checkName(name);
  const unlock = await lockName(name);
  try {
    const root = await openRoot();
    await removeEntry(root, name + POINTER);
    await removeFolders(root, name, []);
  } finally {
    unlock();
  }
}

/** @throws InvalidInputError */
export function checkName(name: string): void {
  if (typeof name !== 'string' || !NAME.test(name) || name.endsWith(POINTER)) {
    throw new InvalidInputError(
      `${String(name)} cannot be a bundle's name: only letters, digits, ".", "_" and "-" are allowed.`,
      { name },
    );
  }
}

/** The folder that the pointer names, if it exists. */
export async function currentFolder(root: FileSystemDirectoryHandle, name: string): Promise<string | null> {
  const pointer = await root.getFileHandle(name + POINTER).catch(absent);
  if (!pointer) return null;
  const folder = (await (await pointer.getFile()).text()).trim();
  if (!folder.startsWith(`${name}~`)) return null;
  return (await root.getDirectoryHandle(folder).catch(absent)) ? folder : null;
}

/** A folder with a journal that is not the published one. */
export async function unfinishedFolder(
  root: FileSystemDirectoryHandle,
  name: string,
): Promise<FileSystemDirectoryHandle | null> {
  const current = await currentFolder(root, name);
  for (const entry of await entries(root)) {
    if (!entry.startsWith(`${name}~`) || entry === current) continue;
    const folder = await root.getDirectoryHandle(entry).catch(absent);
    if (folder && (await folder.getFileHandle(JOURNAL_PATH).catch(absent))) return folder;
  }
  return null;
}

/**
 * A writable stream puts its contents in place all at once, when it is closed; the sync handle is for Safari before 26.
 */
export async function writePointer(root: FileSystemDirectoryHandle, name: string, folder: string): Promise<void> {
  const handle = await root.getFileHandle(name + POINTER, { create: true });
  const file = 'createWritable' in handle ? await openStream(handle) : await createFile(handle);
  await file.write(new TextEncoder().encode(folder));
  await file.close();
}

export function folderReader(label: string, folder: () => Promise<FileSystemDirectoryHandle>): BundleReader {
  return {
    label,
    open: async (path, signal): Promise<StoredFile> => {
      signal?.throwIfAborted();
      if (!isPlainPath(path)) throw new SourceNotFoundError(`${path} is not a plain relative path.`, { path });
      const handle = await fileHandle(await folder(), path, false).catch(absent);
      if (!handle) throw new SourceNotFoundError(`${label} has no file ${path}.`, { path });
      return blobFile(path, await handle.getFile());
    },
  };
}

/** Removes all folders of a name except those to keep. */
export async function removeFolders(root: FileSystemDirectoryHandle, name: string, keep: readonly (string | null)[]) {
  for (const entry of await entries(root)) {
    if (entry.startsWith(`${name}~`) && !keep.includes(entry)) await removeEntry(root, entry);
  }
}

async function entries(root: FileSystemDirectoryHandle): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of root.keys()) names.push(entry);
  return names;
}
