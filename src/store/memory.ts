/** @file A bundle in memory: for tests, for tiny models, and where no disk may be used. */

import { isPlainPath } from '../bundle/paths';
import type { BundleReader, BundleWriter, FileWriter, StoredFile } from '../bundle/storage';
import { SourceNotFoundError, VLM2VecError } from '../errors';
import { bytesFile } from './bytes-file';

/** A writer, and a reader that sees the files once they are published. */
export function memoryBundle(label = 'memory'): { writer: BundleWriter; reader: BundleReader } {
  const written = new Map<string, Uint8Array>();
  let published = new Map<string, Uint8Array>();
  return {
    writer: {
      create: async (path) => createFile(path, written),
      reader: () => readerOf(label, () => written),
      publish: async () => {
        published = new Map(written);
        written.clear();
      },
      abort: async () => written.clear(),
    },
    reader: readerOf(label, () => published),
  };
}

function readerOf(label: string, files: () => Map<string, Uint8Array>): BundleReader {
  return {
    label,
    open: async (path): Promise<StoredFile> => {
      const bytes = files().get(path);
      if (!bytes) throw new SourceNotFoundError(`${label} has no file ${path}.`, { path });
      return bytesFile(path, bytes);
    },
  };
}

function createFile(path: string, files: Map<string, Uint8Array>): FileWriter {
  if (!isPlainPath(path) || files.has(path)) throw new VLM2VecError(`Cannot create ${path}.`, { path });
  const parts: Uint8Array[] = [];
  return {
    write: async (bytes) => void parts.push(new Uint8Array(bytes)),
    close: async () => {
      const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
      let offset = 0;
      for (const part of parts) {
        whole.set(part, offset);
        offset += part.length;
      }
      files.set(path, whole);
    },
  };
}
