/** @file Reads the manifest and checks files against its hashes, chunk by chunk, before anything uses them. */

import { sha256Hex } from '../bundle/digest';
import { bundleFiles, MAX_MANIFEST_BYTES, parseManifest } from '../bundle/validate';
import { CHUNK_BYTES, MANIFEST_PATH, type BundleFile, type BundleManifest } from '../bundle/manifest';
import type { OnProgress } from '../bundle/progress';
import type { BundleReader, BundleWriter, StoredFile } from '../bundle/storage';
import { BundleFormatError, IntegrityError } from '../errors';

/**
 * Reads and checks `bundle.json`.
 * @throws SourceNotFoundError if there is none; BundleFormatError if it breaks the format.
 */
export async function readManifest(
  reader: BundleReader,
  { signal }: { signal?: AbortSignal } = {},
): Promise<BundleManifest> {
  const file = await reader.open(MANIFEST_PATH, signal);
  if (file.size > MAX_MANIFEST_BYTES) {
    throw new BundleFormatError(`${MANIFEST_PATH} has ${file.size} bytes, too many for a manifest.`);
  }
  return parseManifest(await file.read(0, file.size, signal));
}

/** `start … end-1` */
export interface ByteRange {
  start: number;
  end: number;
}

export interface VerifyOptions {
  signal?: AbortSignal;
  /** Called after each chunk with the bytes verified so far, of this file or range. */
  onBytes?: (loaded: number) => void;
}

/**
 * Compares a file with the manifest: its length, then the SHA-256 of every chunk (which together determine the whole).
 * @throws IntegrityError naming the file and the first chunk that differs.
 */
export async function verifyFile(reader: BundleReader, file: BundleFile, options: VerifyOptions = {}): Promise<void> {
  const stored = await reader.open(file.path, options.signal);
  await verifyChunks(reader, stored, file, options);
}

/**
 * A whole file as ONNX Runtime takes it, verified. The bytes returned are the ones verified: a file that has to be
 * fetched is fetched once.
 */
export async function verifiedData(
  reader: BundleReader,
  file: BundleFile,
  options: VerifyOptions = {},
): Promise<string | Blob | Uint8Array> {
  const stored = await reader.open(file.path, options.signal);
  checkSize(reader, stored.size, file);
  const data = await stored.data(options.signal);
  await verifyChunks(reader, inHand(stored, data), file, options);
  return data;
}

/**
 * Bytes of a file, verified with all the chunks that they touch; one more chunk is in memory meanwhile. Of a file on disk
 * its path, as {@link verifiedData} does: the range is to be mapped from there.
 */
export async function verifiedRange(
  reader: BundleReader,
  file: BundleFile,
  range: ByteRange,
  options: VerifyOptions = {},
): Promise<string | Uint8Array> {
  const stored = await reader.open(file.path, options.signal);
  if (stored.onDisk) {
    await verifyChunks(reader, stored, file, options, range);
    return stored.onDisk.path;
  }
  const bytes = new Uint8Array(range.end - range.start);
  let at = firstChunk(range) * CHUNK_BYTES;
  for await (const chunk of verifiedChunks(reader, stored, file, options, range)) {
    const from = Math.max(range.start, at);
    bytes.set(chunk.subarray(from - at, range.end - at), from - range.start);
    at += chunk.length;
  }
  return bytes;
}

/** A small file (a tokenizer, a graph) as bytes, verified. */
export async function verifiedBytes(
  reader: BundleReader,
  file: BundleFile,
  options: VerifyOptions = {},
): Promise<Uint8Array> {
  const stored = await reader.open(file.path, options.signal);
  checkSize(reader, stored.size, file);
  const bytes = new Uint8Array(file.bytes);
  let offset = 0;
  for await (const chunk of verifiedChunks(reader, stored, file, options)) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

export interface BundleVerifyOptions {
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

/** Verifies every file of a bundle. */
export async function verifyBundle(
  reader: BundleReader,
  manifest: BundleManifest,
  { signal, onProgress }: BundleVerifyOptions = {},
): Promise<void> {
  await eachFile(manifest, 'verify', onProgress, (file, onBytes) => verifyFile(reader, file, { signal, onBytes }));
}

/**
 * Copies a bundle, for instance from HTTP to OPFS: every chunk is verified before it is written, and the copy is
 * published only when complete. On any failure nothing is left behind.
 */
export async function copyBundle(
  reader: BundleReader,
  writer: BundleWriter,
  { signal, onProgress }: BundleVerifyOptions = {},
): Promise<BundleManifest> {
  try {
    const manifest = await readManifest(reader, { signal });
    await eachFile(manifest, 'download', onProgress, async (file, onBytes) => {
      const out = await writer.create(file.path);
      try {
        const stored = await reader.open(file.path, signal);
        for await (const chunk of verifiedChunks(reader, stored, file, { signal, onBytes })) await out.write(chunk);
      } finally {
        await out.close();
      }
    });
    const out = await writer.create(MANIFEST_PATH);
    await out.write(new TextEncoder().encode(JSON.stringify(manifest)));
    await out.close();
    signal?.throwIfAborted();
    await writer.publish();
    return manifest;
  } catch (error) {
    await writer.abort().catch(() => undefined); // the first error is the one that matters
    throw error;
  }
}

async function eachFile(
  manifest: BundleManifest,
  phase: 'verify' | 'download',
  onProgress: OnProgress | undefined,
  handle: (file: BundleFile, onBytes: (loaded: number) => void) => Promise<void>,
): Promise<void> {
  const files = bundleFiles(manifest);
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  let before = 0;
  for (const file of files) {
    const report = (status: 'initiate' | 'progress' | 'done', loaded: number) =>
      onProgress?.({ status, phase, file: file.path, loaded, total, progress: total ? (100 * loaded) / total : 100 });
    report('initiate', before);
    await handle(file, (loaded) => report('progress', before + loaded));
    before += file.bytes;
    report('done', before);
  }
  onProgress?.({ status: 'ready', phase, loaded: total, total, progress: 100 });
}

function firstChunk({ start }: ByteRange): number {
  return Math.floor(start / CHUNK_BYTES);
}

/** The chunks of a file, or of a range, in order, each compared with its hash before it is passed on. */
async function* verifiedChunks(
  reader: BundleReader,
  stored: StoredFile,
  file: BundleFile,
  { signal, onBytes }: VerifyOptions,
  range: ByteRange = { start: 0, end: file.bytes },
): AsyncGenerator<Uint8Array> {
  checkSize(reader, stored.size, file);
  for (const chunk of chunksOf(file, range)) {
    signal?.throwIfAborted();
    const bytes = await stored.read(chunk.start, chunk.end, signal);
    checkHash(reader, file, chunk, await sha256Hex(bytes));
    onBytes?.(Math.min(chunk.end, range.end) - range.start);
    yield bytes;
  }
}

/** The same where nobody wants the bytes: a file on disk is hashed there, since even one chunk of it is 16 MB. */
async function verifyChunks(
  reader: BundleReader,
  stored: StoredFile,
  file: BundleFile,
  options: VerifyOptions,
  range: ByteRange = { start: 0, end: file.bytes },
): Promise<void> {
  const { signal, onBytes } = options;
  if (!stored.onDisk) {
    for await (const _chunk of verifiedChunks(reader, stored, file, options, range));
    return;
  }
  checkSize(reader, stored.size, file);
  for (const chunk of chunksOf(file, range)) {
    signal?.throwIfAborted();
    checkHash(reader, file, chunk, await stored.onDisk.sha256(chunk.start, chunk.end, signal));
    onBytes?.(Math.min(chunk.end, range.end) - range.start);
  }
}

interface Chunk extends ByteRange {
  index: number;
}

/** Those that a range touches. */
function* chunksOf(file: BundleFile, range: ByteRange): Generator<Chunk> {
  for (let index = firstChunk(range); index * CHUNK_BYTES < range.end; index++) {
    const start = index * CHUNK_BYTES;
    yield { index, start, end: Math.min(start + CHUNK_BYTES, file.bytes) };
  }
}

function checkHash(reader: BundleReader, file: BundleFile, { index, start }: Chunk, actual: string): void {
  const expected = file.chunks[index];
  if (actual === expected) return;
  throw new IntegrityError(
    `${file.path} in ${reader.label} is damaged: chunk ${index} (from byte ${start}) has SHA-256 ${actual}, not ` +
      `${expected}. Delete the bundle and fetch or convert it again.`,
    { path: file.path, chunk: index, expected, actual },
  );
}

function checkSize(reader: BundleReader, size: number, file: BundleFile): void {
  if (size === file.bytes) return;
  throw new IntegrityError(
    `${file.path} in ${reader.label} has ${size} bytes, not ${file.bytes}. Delete the bundle and fetch or convert it again.`,
    { path: file.path, expected: file.bytes, actual: size },
  );
}

/** Reads from data already in memory; a path in the file system is read in place. */
function inHand(stored: StoredFile, data: string | Blob | Uint8Array): StoredFile {
  if (typeof data === 'string') return stored;
  const rest = { ...stored, onDisk: undefined };
  if (data instanceof Uint8Array) return { ...rest, size: data.length, read: async (a, b) => data.subarray(a, b) };
  return {
    ...rest,
    size: data.size,
    read: async (start, end) => new Uint8Array(await data.slice(start, end).arrayBuffer()),
  };
}
