/** @file Files and folders of the origin-private file system, and the errors of full storage. */

import type { FileWriter } from '../bundle/storage';
import { StorageFullError, UnsupportedError } from '../errors';
import type { JournalFile } from './journal';

const ROOT = 'vlm2vec';
/** A worker that was killed keeps its handles for a moment, so opening is retried. */
const HANDLE_TRIES = 25;
const HANDLE_PAUSE = 200;

export function hasOpfs(): boolean {
  return typeof globalThis.navigator?.storage?.getDirectory === 'function';
}

/** The folder that holds all bundles of this origin. */
export async function openRoot(): Promise<FileSystemDirectoryHandle> {
  if (!hasOpfs()) {
    throw new UnsupportedError('This browser has no origin-private file system; models cannot be stored in it.');
  }
  return (await navigator.storage.getDirectory()).getDirectoryHandle(ROOT, { create: true });
}

/** Reads and writes at any position, and can be flushed. Workers only. */
export interface HandleFile extends JournalFile {
  /** Bytes. */
  size(): number;
  /** Fills `into` from `position` on. Returns how many bytes were read. */
  read(into: Uint8Array, position: number): number;
}

/** Whether files can be written in place here; only workers can. */
export function hasHandles(handle: FileSystemFileHandle): boolean {
  return typeof handle.createSyncAccessHandle === 'function';
}

/** Opens a file in place, keeping its contents. */
export async function openHandle(handle: FileSystemFileHandle): Promise<HandleFile> {
  const access = await accessHandle(handle);
  let next = 0;
  return {
    size: () => access.getSize(),
    read: (into, position) => access.read(into as Uint8Array<ArrayBuffer>, { at: position }),
    write: (bytes, position = next) =>
      namingFull(async () => {
        for (let done = 0; done < bytes.length;) {
          const left = bytes.subarray(done);
          const count = access.write(left as Uint8Array<ArrayBuffer>, { at: position + done });
          // At the quota, Chromium neither throws nor returns 0, but a negative error code as an unsigned number.
          if (count === 0 || count > left.length) throw outOfSpace();
          done += count;
        }
        next = position + bytes.length;
      }),
    truncate: (length) =>
      namingFull(async () => {
        access.truncate(length);
        if (access.getSize() !== length) throw outOfSpace(); // Chromium does not report this either
      }),
    flush: () => namingFull(async () => access.flush()),
    close: () =>
      namingFull(async () => {
        try {
          access.flush();
        } finally {
          access.close();
        }
      }),
  };
}

function outOfSpace(): DOMException {
  return new DOMException('There is no space left.', 'QuotaExceededError');
}

async function accessHandle(handle: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle> {
  for (let tries = 1; ; tries++) {
    try {
      return await handle.createSyncAccessHandle();
    } catch (error) {
      const busy = error instanceof DOMException && error.name === 'NoModificationAllowedError';
      if (!busy || tries === HANDLE_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, HANDLE_PAUSE));
    }
  }
}

/**
 * A new, empty file: written in place in workers, and elsewhere through a stream whose contents appear when it is
 * closed.
 */
export async function createFile(handle: FileSystemFileHandle): Promise<FileWriter> {
  if (!hasHandles(handle)) return openStream(handle);
  const file = await openHandle(handle);
  await file.truncate(0);
  return file;
}

/**
 * A stream that puts its contents in place all at once, when it is closed. `bytes`: keeps the present contents, cut to
 * this length.
 */
export async function openStream(handle: FileSystemFileHandle, bytes?: number): Promise<FileWriter> {
  const stream = await handle.createWritable({ keepExistingData: bytes !== undefined });
  if (bytes !== undefined) await namingFull(() => stream.truncate(bytes));
  return {
    write: (data, position) =>
      namingFull(() => {
        const place = position === undefined ? {} : { position };
        return stream.write({ type: 'write', data: data as Uint8Array<ArrayBuffer>, ...place });
      }),
    close: () => namingFull(() => stream.close()),
  };
}

/** Near the quota, browsers fail with one of these error names. */
const FULL = new Set(['QuotaExceededError', 'NoModificationAllowedError', 'InvalidStateError', 'AbortError']);

/** A full disk is the usual cause of a failed write: the error says so, with the browser's own figures. */
export async function namingFull<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof DOMException) || !FULL.has(cause.name)) throw cause;
    const { usage, quota } = await navigator.storage.estimate().catch((): StorageEstimate => ({}));
    const free = usage === undefined || quota === undefined ? undefined : Math.max(0, quota - usage);
    const figures =
      free === undefined ? '' : ` It grants this site ${megabytes(quota!)}, of which ${megabytes(free)} are free.`;
    throw new StorageFullError(
      `The browser's storage refused a write, probably because it or the disk is full (${cause.name}).${figures} What was ` +
        'already stored is kept. Free some space or delete stored models, then try again.',
      { usage, quota, free, cause: cause.name },
      { cause },
    );
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

export async function fileHandle(
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

/** A file's bytes; null if there is none. */
export async function readIfThere(folder: FileSystemDirectoryHandle, path: string): Promise<Uint8Array | null> {
  const handle = await fileHandle(folder, path, false).catch(absent);
  return handle && new Uint8Array(await (await handle.getFile()).arrayBuffer());
}

/** A file that another tab has open stays until the next writer removes it. */
export async function removeEntry(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  await folder.removeEntry(name, { recursive: true }).catch((error: unknown) => {
    if (error instanceof DOMException && ['NotFoundError', 'NoModificationAllowedError'].includes(error.name)) return;
    throw error;
  });
}

export async function folderBytes(folder: FileSystemDirectoryHandle): Promise<number> {
  let bytes = 0;
  for await (const entry of folder.values()) {
    if (entry.kind === 'file') bytes += (await (entry as FileSystemFileHandle).getFile()).size;
    else bytes += await folderBytes(entry as FileSystemDirectoryHandle);
  }
  return bytes;
}

export function absent(error: unknown): null {
  if (error instanceof DOMException && ['NotFoundError', 'TypeMismatchError'].includes(error.name)) return null;
  throw error;
}
