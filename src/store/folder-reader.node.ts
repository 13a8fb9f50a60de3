/** @file Bundles in folders (Node), read in place, and what writing them needs of folders. */

import { open, readdir, readFile, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BUNDLE_FORMAT, MANIFEST_PATH } from '../bundle/manifest';
import { isPlainPath } from '../bundle/paths';
import type { BundleReader, StoredFile } from '../bundle/storage';
import { IntegrityError, InvalidInputError, SourceNotFoundError } from '../errors';
import { checkRange } from './bytes-file';

/** A bundle in the folder `path`. Its files' `data()` is an absolute path, which ONNX Runtime maps into memory. */
export function folderBundle(path: string): BundleReader {
  const folder = resolve(path);
  return {
    label: path,
    open: async (file, signal) => {
      signal?.throwIfAborted();
      if (!isPlainPath(file)) throw new SourceNotFoundError(`${file} is not a plain relative path.`, { path: file });
      const absolute = join(folder, file);
      const status = await stat(absolute).catch(() => null);
      if (!status?.isFile()) throw new SourceNotFoundError(`${path} has no file ${file}.`, { path: absolute });
      return storedFile(file, absolute, status.size);
    },
  };
}

function storedFile(path: string, absolute: string, size: number): StoredFile {
  return {
    path,
    size,
    read: async (start, end, signal) => {
      signal?.throwIfAborted();
      checkRange(path, size, start, end);
      const bytes = new Uint8Array(end - start);
      const handle = await open(absolute, 'r');
      try {
        for (let done = 0; done < bytes.length;) {
          const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
          if (bytesRead === 0) throw new IntegrityError(`${absolute} ended early.`, { path: absolute });
          done += bytesRead;
        }
      } finally {
        await handle.close();
      }
      return bytes;
    },
    data: async () => absolute,
  };
}

export async function refuseForeignFolder(target: string, out: string): Promise<void> {
  const status = await stat(target).catch(() => null);
  if (!status) return;
  if (!status.isDirectory()) throw new InvalidInputError(`${out} is a file; name a folder that is new or empty.`);
  if ((await readdir(target)).length === 0) return;
  const manifest = await readFile(join(target, MANIFEST_PATH), 'utf8').catch(() => '');
  if (!manifest.includes(BUNDLE_FORMAT)) {
    throw new InvalidInputError(`${out} holds other files than a bundle and is left alone; name a new folder.`);
  }
}

/** Makes the renames durable. Folders cannot be opened on Windows, which needs no such call. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => null);
  if (!handle) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

/** Removes `path` and its parents below `top` as long as they are empty. */
export async function removeEmpty(path: string, top: string): Promise<void> {
  for (let folder = path; folder !== top && folder !== dirname(folder); folder = dirname(folder)) {
    const removed = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}
