/** @file Vectors in files of a folder (Node): appends to one file, and also reads others of the same origin. */

import { constants, open, readdir, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { IntegrityError } from '../errors';
import { makeFolder, writeAll, writingKept } from '../store/write-errors.node.js';
import {
  decodeRecord,
  encodeRecord,
  headerBytes,
  isHeaderOf,
  originName,
  recordBytes,
  type VectorOrigin,
} from './vector-file';
import { missing, type VectorStore } from './vectors';

/** Records read at a time while a file is scanned. */
const SCAN_RECORDS = 1024;

export interface VectorFilesOptions {
  /** The origin of their vectors; files of another origin in the same folders are ignored. */
  origin: VectorOrigin;
  /** Folders that are read. */
  folders: readonly string[];
  /**
   * Where new vectors go: a folder, and a label that distinguishes the file from those of other processes (`1-of-4`).
   */
  write?: { folder: string; suffix?: string };
  signal?: AbortSignal;
}

export interface VectorFiles extends VectorStore {
  /** How many vectors there are. */
  readonly size: number;
  close(): Promise<void>;
}

/** Opens all vectors of one origin. Only one process at a time may write a file. */
export async function openVectorFiles(options: VectorFilesOptions): Promise<VectorFiles> {
  const { origin, folders, write, signal } = options;
  const name = await originName(origin);
  const own = write && path.resolve(write.folder, `${name}${write.suffix ? `-${write.suffix}` : ''}.bin`);
  if (write) await makeFolder(write.folder);
  const opened: FileHandle[] = [];
  try {
    const index = new Map<string, { handle: FileHandle; offset: number }>();
    const paths = new Set<string>();
    for (const folder of folders) {
      const names = await readdir(folder);
      for (const file of names.sort()) {
        if (file.startsWith(name) && file.endsWith('.bin')) paths.add(path.resolve(folder, file));
      }
    }
    if (own) paths.delete(own);
    for (const file of paths) {
      const handle = await open(file, 'r');
      opened.push(handle);
      await scan(handle, origin, index, signal);
    }
    const flags = constants.O_RDWR | constants.O_CREAT;
    const writer = own ? await writingKept(own, () => open(own, flags)) : null;
    let end = 0;
    if (writer) {
      opened.push(writer);
      end = (await scan(writer, origin, index, signal)) ?? (await begin(writer, origin));
      await writer.truncate(end); // removes what a crash cut short
    }
    const length = recordBytes(origin.dims);
    return {
      get size() {
        return index.size;
      },
      has: (key) => index.has(key),
      get: async (key) => {
        const { handle, offset } = index.get(key) ?? missing(key);
        const record = decodeRecord(await readAt(handle, offset, length));
        if (record?.key !== key)
          throw new IntegrityError('A file of vectors changed while it was being read. Start again.');
        return record.vector;
      },
      add: async (entries) => {
        if (!writer) throw new Error('These vectors are read-only.');
        const fresh = new Map(entries.filter(([key]) => !index.has(key)));
        if (fresh.size === 0) return;
        const records = Buffer.concat([...fresh].map(([key, vector]) => encodeRecord(key, vector)));
        await writingKept(own!, async () => {
          await writeAll(writer, records, end);
          await writer.datasync();
        });
        for (const key of fresh.keys()) {
          index.set(key, { handle: writer, offset: end });
          end += length;
        }
      },
      close: async () => {
        await Promise.all(opened.map((handle) => handle.close()));
      },
    };
  } catch (error) {
    await Promise.all(opened.map((handle) => handle.close().catch(() => undefined)));
    throw error;
  }
}

async function begin(handle: FileHandle, origin: VectorOrigin): Promise<number> {
  const header = headerBytes(origin);
  await handle.truncate(0);
  await writeAll(handle, header, 0);
  return header.length;
}

/**
 * Records where complete records are; returns where the last one ends, or null if the header is damaged or of another
 * origin.
 */
async function scan(
  handle: FileHandle,
  origin: VectorOrigin,
  index: Map<string, { handle: FileHandle; offset: number }>,
  signal?: AbortSignal,
): Promise<number | null> {
  const { size } = await handle.stat();
  const header = headerBytes(origin).length;
  if (size < header || !isHeaderOf(await readAt(handle, 0, header), origin)) return null;
  const length = recordBytes(origin.dims);
  const records = Math.floor((size - header) / length);
  for (let first = 0; first < records; first += SCAN_RECORDS) {
    signal?.throwIfAborted();
    const count = Math.min(SCAN_RECORDS, records - first);
    const bytes = await readAt(handle, header + first * length, count * length);
    for (let i = 0; i < count; i++) {
      const found = decodeRecord(bytes.subarray(i * length, (i + 1) * length));
      if (found) index.set(found.key, { handle, offset: header + (first + i) * length });
    }
  }
  return header + records * length;
}

async function readAt(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let got = 0; got < length;) {
    const { bytesRead } = await handle.read(bytes, got, length - got, offset + got);
    if (bytesRead === 0)
      throw new IntegrityError('A file of vectors is shorter than it was a moment ago. Start again.');
    got += bytesRead;
  }
  return bytes;
}
