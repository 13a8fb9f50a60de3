/** @file A bundle in memory: for tests, for tiny models, and for when no disk may be used. */

import { isPlainPath } from '../bundle/paths';
import type { BundleReader, BundleWriter, FileWriter, Journal, StoredFile } from '../bundle/storage';
import { SourceNotFoundError, VLM2VecError } from '../errors';
import { bytesFile } from './bytes-file';

export interface MemoryBundle {
  writer: BundleWriter;
  /** Receives the files once they are published. */
  reader: BundleReader;
}

/** `resumable`: `pause` keeps everything, and `writer` may be called again. */
export function memoryBundle(label = 'memory', { resumable = false } = {}): MemoryBundle {
  const written = new Map<string, Uint8Array>();
  let published = new Map<string, Uint8Array>();
  const journal = resumable ? memoryJournal() : null;
  const abort = async () => {
    written.clear();
    await journal?.clear();
  };
  return {
    writer: {
      journal,
      create: async (path) => {
        const taken = written.has(path) && !resumable;
        if (!isPlainPath(path) || taken) throw new VLM2VecError(`Cannot create ${path}.`, { path });
        return createFile(path, written);
      },
      reopen: async (path, bytes) => {
        const before = written.get(path);
        const whole = before?.length === bytes ? before : new Uint8Array(bytes);
        written.set(path, whole);
        let next = 0;
        return {
          write: async (part, position = next) => {
            whole.set(part, position);
            next = position + part.length;
          },
          close: async () => undefined,
        };
      },
      remove: async (path) => void written.delete(path),
      reader: () => readerOf(label, () => written),
      publish: async () => {
        published = new Map(written);
        await abort();
      },
      abort,
      pause: async () => (resumable ? undefined : abort()),
    },
    reader: readerOf(label, () => published),
  };
}

function memoryJournal(): Journal {
  const notes: unknown[] = [];
  return {
    notes,
    add: async (note) => void notes.push(JSON.parse(JSON.stringify(note))),
    clear: async () => void (notes.length = 0),
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
