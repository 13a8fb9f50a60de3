/** @file A folder on disk as a {@link FileTree}. Node only. */

import { open, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { CheckpointFormatError, SourceNotFoundError } from '../errors';
import { isInnerPath } from './paths';
import { quote } from './quote';
import type { ByteSource, FileTree } from './types';

/** A checkpoint has a few dozen files; more suggest that the wrong folder was given. */
const MAX_FILES = 10_000;
const MAX_DEPTH = 8;

export interface FolderTreeOptions {
  /** More files suggest that the wrong folder was given. @default 10,000 */
  maxFiles?: number;
}

/** Opens a folder. Its label is the folder's own name, so that no path of this machine gets into a bundle. */
export async function folderTree(path: string, { maxFiles = MAX_FILES }: FolderTreeOptions = {}): Promise<FileTree> {
  const root = resolve(path);
  const info = await stat(root).catch((cause: unknown) => {
    throw new SourceNotFoundError(`${path}: the folder does not exist or may not be read`, { path }, { cause });
  });
  if (!info.isDirectory()) throw new SourceNotFoundError(`${path}: not a folder`, { path });
  return {
    label: basename(root),
    revision: null,
    list: () => listFiles(root, path, maxFiles),
    open: (file, signal) => openFile(root, file, signal),
  };
}

async function listFiles(root: string, path: string, maxFiles: number): Promise<string[]> {
  const found: string[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((cause: unknown) => {
      throw new SourceNotFoundError(`${join(path, folder)}: may not be read`, { path }, { cause });
    });
    for (const entry of entries) {
      const name = folder + entry.name;
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('.') && depth < MAX_DEPTH) await visit(`${name}/`, depth + 1);
        continue;
      }
      // The Hub's cache keeps links to files. Links to folders are not followed: they may form cycles.
      const isFile = entry.isFile() || (await stat(join(root, name)).catch(() => null))?.isFile();
      if (isFile) found.push(name);
      if (found.length > maxFiles) {
        throw new SourceNotFoundError(`${path}: more than ${maxFiles} files: is it the right folder?`, { path });
      }
    }
  };
  await visit('', 0);
  return found.sort();
}

async function openFile(root: string, file: string, signal?: AbortSignal): Promise<ByteSource> {
  signal?.throwIfAborted();
  if (!isInnerPath(file)) throw new SourceNotFoundError(`${quote(file)} is not a path inside ${root}`);
  const name = join(root, file);
  const info = await stat(name).catch((cause: unknown) => {
    throw new SourceNotFoundError(`${name}: the file does not exist or may not be read`, { path: name }, { cause });
  });
  if (!info.isFile()) throw new SourceNotFoundError(`${name}: not a file`, { path: name });
  return new DiskSource(name, info.size, String(info.mtimeMs));
}

/** Opens the file anew for each read (50 µs), so that nothing has to be closed. */
class DiskSource implements ByteSource {
  constructor(
    readonly name: string,
    readonly size: number,
    /** When the file was last changed. */
    readonly version: string,
  ) {}

  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    if (!(start >= 0 && start <= end && end <= this.size)) {
      throw new CheckpointFormatError(`${this.name}: bytes ${start}…${end} of ${this.size} were requested`);
    }
    const bytes = new Uint8Array(end - start);
    const handle = await open(this.name, 'r').catch((cause: unknown) => {
      throw new SourceNotFoundError(`${this.name}: can no longer be read`, { path: this.name }, { cause });
    });
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
        signal?.throwIfAborted();
        if (bytesRead === 0) throw new CheckpointFormatError(`${this.name}: ends before byte ${end}: it was changed`);
        at += bytesRead;
      }
    } finally {
      await handle.close();
    }
    return bytes;
  }
}
