/** @file Bundles in folders (Node), read in place, and the folder operations that writing them needs. */

import { createHash } from 'node:crypto';
import { lstat, open, readdir, readFile, realpath, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { MANIFEST_PATH, type BundleManifest } from '../bundle/manifest';
import { isPlainPath } from '../bundle/paths';
import type { BundleReader, StoredFile } from '../bundle/storage';
import { bundleFiles, parseManifest } from '../bundle/validate';
import { IntegrityError, InvalidInputError, SourceNotFoundError } from '../errors';
import { checkRange } from './bytes-file';

/** Bytes hashed at a time. */
const PIECE_BYTES = 256 * 1024;

/** A bundle in the folder `path`. Its files' `data()` is an absolute path, which ONNX Runtime maps into memory. */
export function folderBundle(path: string): BundleReader {
  const folder = resolve(path);
  return {
    label: path,
    open: async (file, signal) => {
      signal?.throwIfAborted();
      if (!isPlainPath(file)) throw new SourceNotFoundError(`${file} is not a plain relative path.`, { path: file });
      const absolute = join(folder, file);
      const status = await stat(absolute, { bigint: true }).catch(() => null);
      if (!status?.isFile()) throw new SourceNotFoundError(`${path} has no file ${file}.`, { path: absolute });
      return storedFile(file, absolute, status);
    },
  };
}

/** Tells a file from another one at the same path. Inode numbers are left out, because some network drives invent them. */
interface Seen {
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

/**
 * Reads fail once the file is another one than the one that was opened: rows of the token table are read as long as a
 * model is loaded, and those of another bundle that has been converted into the same folder would give wrong vectors.
 */
function storedFile(path: string, absolute: string, seen: Seen): StoredFile {
  const size = Number(seen.size);
  const checked = (start: number, end: number, signal?: AbortSignal): PlacedRange => {
    signal?.throwIfAborted();
    checkRange(path, size, start, end);
    return { absolute, seen, start, end };
  };
  return {
    path,
    size,
    read: async (start, end, signal) => {
      const range = checked(start, end, signal);
      const bytes = new Uint8Array(end - start);
      await inPieces(range, (done) => bytes.subarray(done));
      return bytes;
    },
    data: async () => absolute,
    onDisk: {
      path: absolute,
      sha256: async (start, end, signal) => {
        const range = checked(start, end, signal);
        const hash = createHash('sha256');
        const piece = new Uint8Array(Math.min(PIECE_BYTES, end - start));
        await inPieces(
          range,
          () => piece,
          (count) => hash.update(piece.subarray(0, count)),
        );
        return hash.digest('hex');
      },
    },
  };
}

interface PlacedRange {
  absolute: string;
  seen: Seen;
  start: number;
  end: number;
}

/** Reads a range into one buffer after another, each given by how many bytes were read before. */
async function inPieces(
  { absolute, seen, start, end }: PlacedRange,
  bufferAt: (done: number) => Uint8Array,
  onRead?: (count: number) => void,
): Promise<void> {
  const handle = await open(absolute, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new SourceNotFoundError(
      `${absolute} can no longer be read (${cause.code}). If a model is loaded from it, put it back, or load the model again.`,
      { path: absolute },
      { cause },
    );
  });
  try {
    const now = await handle.stat({ bigint: true });
    if (now.size !== seen.size || now.mtimeNs !== seen.mtimeNs) {
      throw new IntegrityError(
        `${absolute} was changed or replaced while it was in use. If a model is loaded from it, load it again.`,
        { path: absolute },
      );
    }
    for (let done = 0; done < end - start;) {
      const buffer = bufferAt(done);
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - start - done), start + done);
      if (bytesRead === 0) throw new IntegrityError(`${absolute} ended early.`, { path: absolute });
      done += bytesRead;
      onRead?.(bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/**
 * Where a bundle called `out` will be: a link is followed, so that it stays a link.
 * @throws InvalidInputError for a link to nothing
 */
export async function bundlePlace(out: string): Promise<string> {
  const target = resolve(out);
  if (!(await lstat(target).catch(() => null))?.isSymbolicLink()) return target;
  return realpath(target).catch((cause: unknown) => {
    throw new InvalidInputError(`${out} is a link to nothing; name a folder that is new or empty.`, {}, { cause });
  });
}

/**
 * A folder may be replaced if it is empty, or holds only what its own valid manifest lists.
 * @throws InvalidInputError for any other folder
 */
export async function refuseForeignFolder(target: string, out: string): Promise<void> {
  const status = await stat(target).catch(() => null);
  if (!status) return;
  if (!status.isDirectory()) throw new InvalidInputError(`${out} is a file; name a folder that is new or empty.`);
  const entries = await readdir(target, { recursive: true, withFileTypes: true });
  if (entries.length === 0) return;
  const manifest = await bundleIn(target);
  if (!manifest) {
    throw new InvalidInputError(
      `${out} contains files other than a bundle that this version can read, so it is left alone; name a new folder.`,
    );
  }
  const ours = new Set([MANIFEST_PATH, ...bundleFiles(manifest).map(({ path }) => path)]);
  for (const entry of entries) {
    const path = relative(target, join(entry.parentPath, entry.name)).replaceAll(sep, '/');
    const isOurs = entry.isDirectory() ? [...ours].some((file) => file.startsWith(`${path}/`)) : ours.has(path);
    if (isOurs) continue;
    throw new InvalidInputError(
      `${out} contains ${path}, which does not belong to the bundle there, so it is left alone; name a new folder.`,
      { path },
    );
  }
}

/** The manifest of the bundle in a folder; null if there is none that this version can read. */
export async function bundleIn(folder: string): Promise<BundleManifest | null> {
  return readFile(join(folder, MANIFEST_PATH))
    .then(parseManifest)
    .catch(() => null);
}

/** Makes renames durable. Folders cannot be opened on Windows, which needs no such call. */
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
