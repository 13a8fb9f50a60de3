/**
 * @file Bundles in the origin-private file system of a browser.
 *
 * OPFS cannot rename a folder, so publishing is one small write: each bundle is written into a folder of its own
 * (`vlm2vec/<name>~<id>/`), and the pointer file `vlm2vec/<name>.current` names the folder that counts. Readers follow
 * the pointer; folders no pointer names are leftovers of a crash and are removed by the next writer of that name. A Web
 * Lock keeps two tabs from writing one bundle.
 */

import { isPlainPath } from '../bundle/paths';
import type { BundleReader, BundleWriter, FileWriter, StoredFile } from '../bundle/storage';
import { InvalidInputError, SourceNotFoundError, UnsupportedError, VLM2VecError } from '../errors';
import { blobFile } from './bytes-file';

const ROOT = 'vlm2vec';
const POINTER = '.current';
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/;

/**
 * The published bundle called `name`. Its files' `data()` are disk-backed `File`s.
 * Opening rejects with {@link SourceNotFoundError} where there is no such bundle or file.
 */
export function opfsBundle(name: string): BundleReader {
  checkName(name);
  return readerOf(name, async () => {
    const root = await openRoot();
    const folder = await currentFolder(root, name);
    if (folder === null) throw new SourceNotFoundError(`No bundle called ${name} is stored in this browser.`, { name });
    return root.getDirectoryHandle(folder);
  });
}

/** Names and sizes of the bundles that are published, smallest name first. */
export async function listOpfsBundles(): Promise<{ name: string; bytes: number }[]> {
  const root = await openRoot();
  const found: { name: string; bytes: number }[] = [];
  for await (const entry of root.keys()) {
    if (!entry.endsWith(POINTER)) continue;
    const name = entry.slice(0, -POINTER.length);
    const folder = await currentFolder(root, name);
    if (folder !== null) found.push({ name, bytes: await folderBytes(await root.getDirectoryHandle(folder)) });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Deletes a bundle, and what a crash left of earlier ones. Does nothing where there is none. */
export async function deleteOpfsBundle(name: string): Promise<void> {
  checkName(name);
  const unlock = await lock(name);
  try {
    const root = await openRoot();
    await remove(root, name + POINTER);
    await removeFolders(root, name, null);
  } finally {
    unlock();
  }
}

/**
 * Writes the bundle `name`; in a worker through a sync access handle, elsewhere through a writable stream.
 * @throws {InvalidInputError} where another tab is writing it.
 */
export async function opfsWriter(name: string): Promise<BundleWriter> {
  checkName(name);
  const unlock = await lock(name);
  try {
    const root = await openRoot();
    await removeFolders(root, name, await currentFolder(root, name));
    const folderName = `${name}~${crypto.randomUUID()}`;
    const folder = await root.getDirectoryHandle(folderName, { create: true });
    const open = new Set<FileWriter>();
    const created = new Set<string>();
    let finished = false;
    const finish = () => {
      finished = true;
      unlock();
    };
    return {
      create: async (path) => {
        if (!isPlainPath(path) || created.has(path)) throw new VLM2VecError(`Cannot create ${path}.`, { path });
        created.add(path);
        const file = await createFile(await fileHandle(folder, path, true));
        const tracked: FileWriter = {
          write: (bytes) => naming(file.write(bytes)),
          close: async () => {
            open.delete(tracked);
            await naming(file.close());
          },
        };
        open.add(tracked);
        return tracked;
      },
      reader: () => readerOf(name, async () => folder),
      publish: async () => {
        await writePointer(root, name, folderName);
        finish();
        await removeFolders(root, name, folderName);
      },
      abort: async () => {
        if (finished) return;
        for (const file of open) await file.close().catch(() => undefined);
        await remove(root, folderName);
        finish();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

function checkName(name: string): void {
  if (!NAME.test(name) || name.endsWith(POINTER)) {
    throw new InvalidInputError(`${name} cannot be a bundle's name: letters, digits, ".", "_" and "-" only.`, { name });
  }
}

async function openRoot(): Promise<FileSystemDirectoryHandle> {
  const storage = globalThis.navigator?.storage;
  if (typeof storage?.getDirectory !== 'function') {
    throw new UnsupportedError('This browser has no origin-private file system; models cannot be stored in it.');
  }
  return (await storage.getDirectory()).getDirectoryHandle(ROOT, { create: true });
}

/** The folder that the pointer names, if it is there. */
async function currentFolder(root: FileSystemDirectoryHandle, name: string): Promise<string | null> {
  const pointer = await root.getFileHandle(name + POINTER).catch(absent);
  if (!pointer) return null;
  const folder = (await (await pointer.getFile()).text()).trim();
  if (!folder.startsWith(`${name}~`)) return null;
  return (await root.getDirectoryHandle(folder).catch(absent)) ? folder : null;
}

/** A writable stream puts its contents in place at once, when it is closed; the sync handle is for Safari before 26. */
async function writePointer(root: FileSystemDirectoryHandle, name: string, folder: string): Promise<void> {
  const handle = await root.getFileHandle(name + POINTER, { create: true });
  const bytes = new TextEncoder().encode(folder);
  const file = 'createWritable' in handle ? await createStream(handle) : await createFile(handle);
  await naming(file.write(bytes));
  await naming(file.close());
}

async function createFile(handle: FileSystemFileHandle): Promise<FileWriter> {
  if (typeof handle.createSyncAccessHandle !== 'function') return createStream(handle);
  const access = await handle.createSyncAccessHandle();
  access.truncate(0);
  let position = 0;
  return {
    write: async (bytes) => {
      for (let done = 0; done < bytes.length; ) {
        const count = access.write(bytes.subarray(done) as Uint8Array<ArrayBuffer>, { at: position });
        if (count === 0) throw new DOMException('No space is left.', 'QuotaExceededError');
        done += count;
        position += count;
      }
    },
    close: async () => {
      access.flush();
      access.close();
    },
  };
}

async function createStream(handle: FileSystemFileHandle): Promise<FileWriter> {
  const stream = await handle.createWritable();
  return { write: (bytes) => stream.write(bytes as Uint8Array<ArrayBuffer>), close: () => stream.close() };
}

/** Near the quota, browsers fail with one of these names. */
const FULL = new Set(['QuotaExceededError', 'NoModificationAllowedError', 'InvalidStateError', 'AbortError']);

/** A full disk is the usual cause of a failed write: says so, with the browser's own figures. */
async function naming<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof DOMException) || !FULL.has(cause.name)) throw cause;
    const { usage, quota } = await navigator.storage.estimate().catch((): StorageEstimate => ({}));
    throw new VLM2VecError(
      `The browser's storage refused a write, probably because it is full (${cause.name}). Free some space or delete ` +
        'stored models.',
      { usage, quota },
      { cause },
    );
  }
}

function readerOf(label: string, folder: () => Promise<FileSystemDirectoryHandle>): BundleReader {
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

async function fileHandle(
  folder: FileSystemDirectoryHandle,
  path: string,
  create: boolean,
): Promise<FileSystemFileHandle> {
  const names = path.split('/');
  const last = names.pop()!;
  let at = folder;
  for (const name of names) at = await at.getDirectoryHandle(name, { create });
  return at.getFileHandle(last, { create });
}

async function removeFolders(root: FileSystemDirectoryHandle, name: string, keep: string | null): Promise<void> {
  const names: string[] = [];
  for await (const entry of root.keys()) names.push(entry);
  for (const entry of names) {
    if (entry.startsWith(`${name}~`) && entry !== keep) await remove(root, entry);
  }
}

/** A file that another tab has open stays until the next writer comes by. */
async function remove(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  await folder.removeEntry(name, { recursive: true }).catch((error: unknown) => {
    if (error instanceof DOMException && ['NotFoundError', 'NoModificationAllowedError'].includes(error.name)) return;
    throw error;
  });
}

async function folderBytes(folder: FileSystemDirectoryHandle): Promise<number> {
  let bytes = 0;
  for await (const entry of folder.values()) {
    bytes += entry.kind === 'file' ? (await (entry as FileSystemFileHandle).getFile()).size : await folderBytes(entry as FileSystemDirectoryHandle);
  }
  return bytes;
}

function absent(error: unknown): null {
  if (error instanceof DOMException && ['NotFoundError', 'TypeMismatchError'].includes(error.name)) return null;
  throw error;
}

/** Takes the Web Lock of a name; resolves to its release. Without Web Locks there is nothing to take. */
async function lock(name: string): Promise<() => void> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return () => undefined;
  return new Promise((resolve, reject) => {
    locks
      .request(`${ROOT}-write-${name}`, { ifAvailable: true }, (held) => {
        if (!held) throw new InvalidInputError(`Another tab or worker is writing the bundle ${name}.`, { name });
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}
