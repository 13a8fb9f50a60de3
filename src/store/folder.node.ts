/** @file Bundles in folders (Node): read in place; written to a temporary sibling and renamed when whole. */

import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { BUNDLE_FORMAT, MANIFEST_PATH } from '../bundle/manifest';
import { isPlainPath } from '../bundle/paths';
import type { BundleReader, BundleWriter, FileWriter, StoredFile } from '../bundle/storage';
import { IntegrityError, InvalidInputError, SourceNotFoundError, VLM2VecError } from '../errors';
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
        for (let done = 0; done < bytes.length; ) {
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

/**
 * Writes a bundle that will be the folder `out`. Missing parent folders are made.
 * @throws {InvalidInputError} where `out` exists and is neither empty nor a bundle.
 */
export async function folderWriter(out: string): Promise<BundleWriter> {
  const target = resolve(out);
  await refuseForeignFolder(target, out);
  const parent = dirname(target);
  const madeParent = await mkdir(parent, { recursive: true });
  const temporary = join(parent, `.${basename(target)}.partial-${randomUUID().slice(0, 8)}`);
  await mkdir(temporary);
  const files = new Set<string>();
  const handles = new Set<{ close(): Promise<void> }>();
  let published = false;

  const create = async (path: string): Promise<FileWriter> => {
    if (!isPlainPath(path) || files.has(path)) throw new VLM2VecError(`Cannot create ${path} in ${out}.`, { path });
    files.add(path);
    const absolute = join(temporary, path);
    await mkdir(dirname(absolute), { recursive: true });
    const handle = await open(absolute, 'wx');
    handles.add(handle);
    return {
      write: async (bytes) => {
        for (let done = 0; done < bytes.length; ) {
          done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
        }
      },
      close: async () => {
        await handle.sync();
        await handle.close();
        handles.delete(handle);
      },
    };
  };

  return {
    create,
    reader: () => folderBundle(temporary),
    publish: async () => {
      await refuseForeignFolder(target, out);
      const previous = `${temporary}-previous`;
      const replaced = await rename(target, previous).then(
        () => true,
        () => false, // there was none
      );
      try {
        await rename(temporary, target);
      } catch (error) {
        if (replaced) await rename(previous, target);
        throw error;
      }
      published = true;
      await syncFolder(parent);
      await rm(previous, { recursive: true, force: true });
    },
    abort: async () => {
      if (published) return;
      for (const handle of handles) await handle.close().catch(() => undefined);
      handles.clear();
      await rm(temporary, { recursive: true, force: true });
      if (madeParent) await removeEmpty(parent, dirname(madeParent));
    },
  };
}

async function refuseForeignFolder(target: string, out: string): Promise<void> {
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
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => null);
  if (!handle) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

/** Removes `path` and its parents below `top` as long as they are empty. */
async function removeEmpty(path: string, top: string): Promise<void> {
  for (let folder = path; folder !== top && folder !== dirname(folder); folder = dirname(folder)) {
    const removed = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}
