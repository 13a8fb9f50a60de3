/**
 * @file The files of an index in the origin-private file system, which only grow: vectors, one record each, of the
 * index's own model and of every layer, and thumbnails, one after another. One file each, since thousands of small
 * files or database values are slow to write and to list; a row says where its bytes are.
 */

import { SourceNotFoundError, UnsupportedError } from '../../errors';
import { absent, folderBytes, hasOpfs, openHandle, removeEntry, type HandleFile } from '../../store/opfs-files';
import type { PackReader, PackWriter, Writers } from './storage';

const ROOT = 'vlm2vec-search';
/** A file that another tab appends to may change between being opened and being read. */
const READ_TRIES = 10;
const READ_PAUSE = 30;

export type PackKind = 'vectors' | 'thumbnails' | `deep-${string}`;

/** The file of a layer. */
export function layerPack(key: string): PackKind {
  return `deep-${key}`;
}

async function openRoot(): Promise<FileSystemDirectoryHandle> {
  if (!hasOpfs()) {
    throw new UnsupportedError('This browser has no origin-private file system; a photo index cannot be stored in it.');
  }
  return (await navigator.storage.getDirectory()).getDirectoryHandle(ROOT, { create: true });
}

export async function openPackFolder(name: string): Promise<FileSystemDirectoryHandle> {
  return (await openRoot()).getDirectoryHandle(name, { create: true });
}

/** Names of all folders, and the bytes in them. */
export async function listPackFolders(): Promise<{ place: string; bytes: number }[]> {
  if (!hasOpfs()) return [];
  const folders: { place: string; bytes: number }[] = [];
  for await (const handle of (await openRoot()).values()) {
    if (handle.kind !== 'directory') continue;
    folders.push({ place: handle.name, bytes: await folderBytes(handle as FileSystemDirectoryHandle) });
  }
  return folders;
}

export async function deletePackFolder(name: string): Promise<void> {
  await removeEntry(await openRoot(), name);
}

function fileName(kind: PackKind, generation: number): string {
  return `${kind}-${generation}.bin`;
}

/** Removes the files of all other generations and layers, which a crash may have left. @param keys of the layers */
export async function removeOtherPacks(
  folder: FileSystemDirectoryHandle,
  generation: number,
  keys: readonly string[],
): Promise<void> {
  const kinds: PackKind[] = ['vectors', 'thumbnails', ...keys.map(layerPack)];
  const keep = new Set(kinds.map((kind) => fileName(kind, generation)));
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  for (const name of names) if (!keep.has(name)) await removeEntry(folder, name);
}

/** Opens a file for reading, while another tab may write it. */
export async function openPackReader(
  folder: FileSystemDirectoryHandle,
  kind: PackKind,
  generation: number,
): Promise<PackReader> {
  const name = fileName(kind, generation);
  const snapshot = async <T>(use: (file: File) => T | Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      const handle = await folder.getFileHandle(name).catch(absent);
      if (!handle) throw notThere(name);
      try {
        return await use(await handle.getFile());
      } catch (error) {
        if (tries === READ_TRIES || !(error instanceof DOMException)) throw error;
        await new Promise((resolve) => setTimeout(resolve, READ_PAUSE));
      }
    }
  };
  return {
    size: () => snapshot((file) => file.size),
    read: (at, bytes) =>
      snapshot(async (file) => {
        const found = new Uint8Array(await file.slice(at, at + bytes).arrayBuffer());
        if (found.length !== bytes) throw notThere(name);
        return found;
      }),
    close: async () => undefined,
  };
}

class OpfsPackWriter implements PackWriter {
  readonly #file: HandleFile;
  readonly #name: string;
  #end: number;

  private constructor(file: HandleFile, name: string) {
    this.#file = file;
    this.#name = name;
    this.#end = file.size();
  }

  static async open(folder: FileSystemDirectoryHandle, kind: PackKind, generation: number): Promise<OpfsPackWriter> {
    const name = fileName(kind, generation);
    return new OpfsPackWriter(await openHandle(await folder.getFileHandle(name, { create: true })), name);
  }

  get end(): number {
    return this.#end;
  }

  async size(): Promise<number> {
    return this.#end;
  }

  async read(at: number, bytes: number, into = new Uint8Array(bytes)): Promise<Uint8Array<ArrayBuffer>> {
    const found = into.subarray(0, bytes);
    if (this.#file.read(found, at) !== bytes) throw notThere(this.#name);
    return found;
  }

  async append(bytes: Uint8Array): Promise<number> {
    const at = this.#end;
    await this.#file.write(bytes, at);
    this.#end = at + bytes.length;
    return at;
  }

  flush(): Promise<void> {
    return this.#file.flush();
  }

  async truncate(end: number): Promise<void> {
    if (end >= this.#end) return;
    await this.#file.truncate(end);
    this.#end = end;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Opens a file for writing, and creates it if it does not exist. */
export function openPackWriter(
  folder: FileSystemDirectoryHandle,
  kind: PackKind,
  generation: number,
): Promise<PackWriter> {
  return OpfsPackWriter.open(folder, kind, generation);
}

export async function openPackWriters(folder: FileSystemDirectoryHandle, generation: number): Promise<Writers> {
  const vectors = await OpfsPackWriter.open(folder, 'vectors', generation);
  try {
    return { vectors, thumbnails: await OpfsPackWriter.open(folder, 'thumbnails', generation) };
  } catch (error) {
    await vectors.close();
    throw error;
  }
}

function notThere(name: string): SourceNotFoundError {
  return new SourceNotFoundError(`The index has no such bytes in ${name}: it was changed or cleared in the meantime.`, {
    name,
  });
}
