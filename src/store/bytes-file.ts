/** @file {@link StoredFile}s from bytes and from Blobs. */

import type { StoredFile } from '../bundle/storage';
import { IntegrityError, SourceNotFoundError } from '../errors';

/** @throws IntegrityError if a range ends outside the file. */
export function checkRange(path: string, size: number, start: number, end: number): void {
  if (Number.isSafeInteger(start) && start >= 0 && start <= end && end <= size) return;
  throw new IntegrityError(`${path} has ${size} bytes; bytes ${start} to ${end} are not all available.`, {
    path,
    size,
  });
}

export function bytesFile(path: string, bytes: Uint8Array): StoredFile {
  return {
    path,
    size: bytes.length,
    read: async (start, end, signal) => {
      signal?.throwIfAborted();
      checkRange(path, bytes.length, start, end);
      return bytes.slice(start, end);
    },
    data: async () => bytes.slice(), // ONNX Runtime may keep or detach it
  };
}

/** A Blob or `File` is disk-backed if it came from disk: reading a slice reads nothing else. */
export function blobFile(path: string, blob: Blob): StoredFile {
  return {
    path,
    size: blob.size,
    read: async (start, end, signal) => {
      signal?.throwIfAborted();
      checkRange(path, blob.size, start, end);
      const bytes = new Uint8Array(await readBlob(path, blob.slice(start, end)));
      if (bytes.length !== end - start) throw new IntegrityError(`${path} returned too few bytes.`, { path });
      return bytes;
    },
    data: async () => blob,
  };
}

async function readBlob(path: string, blob: Blob): Promise<ArrayBuffer> {
  try {
    return await blob.arrayBuffer();
  } catch (cause) {
    throw new SourceNotFoundError(`${path} can no longer be read: it was deleted or changed.`, { path }, { cause });
  }
}
