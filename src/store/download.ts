/**
 * @file Downloads a ready bundle from any web server into a store. Pieces of 16 MiB arrive in any order, a few at a
 * time. Each is checked against its hash in `bundle.json` before it is written, and noted in the writer's journal
 * afterwards, so that an interrupted download continues with the missing pieces. When all are there, everything is read
 * back and verified once more.
 */

import { sha256Hex } from '../bundle/digest';
import { CHUNK_BYTES, MANIFEST_PATH, type BundleFile, type BundleManifest } from '../bundle/manifest';
import type { OnProgress } from '../bundle/progress';
import type { BundleWriter, FileWriter } from '../bundle/storage';
import { bundleFiles, MAX_MANIFEST_BYTES, parseManifest } from '../bundle/validate';
import { BundleFormatError, IntegrityError, NetworkError } from '../errors';
import { HttpFile, wait } from '../net';
import { bundleFileUrl } from './http';
import { verifyBundle } from './verify';

/** Pieces fetched at a time: enough to saturate a connection, few enough to hold in memory (16 MiB each). */
const PARALLEL = 4;
/** How often a piece with a wrong hash is fetched. */
const FETCHES = 3;
/** How often a file is fetched from a server that cannot send parts. */
const STREAMS = 4;

export interface DownloadOptions {
  /** The bundle's folder, or its `bundle.json`. */
  url: string | URL;
  /** Addresses of files that do not lie beside the manifest, by path. */
  files?: Record<string, string>;
  /**
   * Published when everything is there and verified; on failure paused, or aborted if the source is not a valid bundle.
   */
  writer: BundleWriter;
  fetch?: typeof fetch;
  signal?: AbortSignal;
  onProgress?: OnProgress;
  /** Pause before a second try, in milliseconds. @default 500 */
  retryDelay?: number;
}

/** A server that answers a request for a part with the whole file. */
class NoRanges extends IntegrityError {}

/**
 * Downloads a bundle.
 * @throws SourceNotFoundError if a file is missing or refused; NetworkError if the server cannot be
 *   reached or keeps failing; {@link IntegrityError} if it keeps sending other bytes than `bundle.json` promises;
 *   {@link StorageFullError} if they cannot be stored; {@link BundleFormatError} if it is not a bundle
 */
export async function downloadBundle(options: DownloadOptions): Promise<BundleManifest> {
  const { writer } = options;
  try {
    return await new Download(options).run();
  } catch (error) {
    if (writer.journal?.notes.length === 0) await writer.abort();
    else await writer.pause();
    throw error;
  }
}

/** `bundle.json` as the server has it now. */
export async function fetchManifest(
  url: string | URL,
  options: Pick<DownloadOptions, 'files' | 'fetch' | 'retryDelay' | 'signal'> = {},
): Promise<{ bytes: Uint8Array; manifest: BundleManifest }> {
  const { files, fetch, retryDelay, signal } = options;
  const place = bundleFileUrl(url, MANIFEST_PATH, files);
  const file = new HttpFile({ url: place, fetch, retryDelay, cache: 'no-store' });
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of file.stream(signal)) {
    length += part.length;
    if (length > MAX_MANIFEST_BYTES) throw new BundleFormatError(`${place} is too large to be a manifest.`);
    parts.push(part);
  }
  const bytes = new Uint8Array(length);
  parts.reduce((offset, part) => {
    bytes.set(part, offset);
    return offset + part.length;
  }, 0);
  return { bytes, manifest: parseManifest(bytes) };
}

/** How much of a bundle an interrupted download has, according to its journal. */
export function downloadedBytes(notes: readonly unknown[], manifest: BundleManifest): number {
  const files = bundleFiles(manifest);
  return chunksIn(notes).reduce((sum, [file, chunk]) => sum + (files[file] ? chunkLength(files[file], chunk) : 0), 0);
}

type ChunkId = [file: number, chunk: number];

function chunksIn(notes: readonly unknown[]): ChunkId[] {
  return notes.flatMap((note) => {
    const { chunk } = note as { chunk?: ChunkId };
    return chunk ? [chunk] : [];
  });
}

function chunkLength(file: BundleFile, chunk: number): number {
  return Math.max(0, Math.min(CHUNK_BYTES, file.bytes - chunk * CHUNK_BYTES));
}

class Download {
  readonly #options: DownloadOptions;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #files: DownloadFile[] = [];
  #manifestHash = '';
  #loaded = 0;
  #total = 0;
  /** Notes are written to the journal one after another. */
  #noting: Promise<void> = Promise.resolve();
  /** True if the server cannot send parts. */
  #wholeOnly = false;

  constructor(options: DownloadOptions) {
    this.#options = options;
    const { signal } = options;
    this.#signal = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
  }

  async run(): Promise<BundleManifest> {
    const { url, writer, onProgress, signal } = this.#options;
    const { bytes, manifest } = await fetchManifest(url, { ...this.#options, signal: this.#signal });
    this.#manifestHash = await sha256Hex(bytes);
    await this.#begin(manifest);
    onProgress?.({ status: 'initiate', phase: 'download', ...this.#figures() });
    await this.#fetchAll();
    onProgress?.({ status: 'ready', phase: 'download', ...this.#figures() });
    try {
      await verifyBundle(writer.reader(), manifest, { signal, onProgress });
    } catch (error) {
      if (error instanceof IntegrityError) await writer.journal?.clear();
      throw error;
    }
    const file = await writer.create(MANIFEST_PATH);
    await file.write(bytes);
    await file.close();
    signal?.throwIfAborted();
    await writer.publish();
    return manifest;
  }

  /** Continues from what the journal records, if it belongs to the same bundle. */
  async #begin(manifest: BundleManifest): Promise<void> {
    const { url, files, writer, fetch, retryDelay } = this.#options;
    const { journal } = writer;
    const first = journal?.notes[0] as { download?: string } | undefined;
    if (journal && first?.download !== this.#manifestHash) {
      await journal.clear();
      await journal.add({ download: this.#manifestHash });
    }
    this.#files = bundleFiles(manifest).map((file) => ({
      ...file,
      http: new HttpFile({
        url: bundleFileUrl(url, file.path, files),
        size: file.bytes,
        fetch,
        retryDelay,
        cache: 'no-store',
        noRanges: (message) => new NoRanges(message),
      }),
      missing: new Set(file.chunks.keys()),
      writer: null,
      streaming: null,
    }));
    for (const [file, chunk] of chunksIn(journal?.notes ?? [])) {
      if (this.#files[file]?.missing.delete(chunk)) this.#loaded += chunkLength(this.#files[file], chunk);
    }
    this.#total = this.#files.reduce((sum, file) => sum + file.bytes, 0);
  }

  async #fetchAll(): Promise<void> {
    const chunks = this.#files.flatMap((file, index) => [...file.missing].map((chunk): ChunkId => [index, chunk]));
    for (const file of this.#files) if (file.bytes === 0) await this.#writerOf(file); // empty files are created too
    let next = 0;
    const work = async () => {
      while (next < chunks.length) {
        this.#signal.throwIfAborted();
        await this.#fetchChunk(...chunks[next++]!);
      }
    };
    const workers = Array.from({ length: PARALLEL }, () =>
      work().catch((error: unknown) => {
        this.#stop.abort(error);
        throw error;
      }),
    );
    await Promise.allSettled(workers);
    for (const file of this.#files) await (await file.writer)?.close();
    await Promise.all(workers).catch(() => {
      throw this.#options.signal?.aborted ? this.#options.signal.reason : this.#stop.signal.reason;
    });
  }

  async #fetchChunk(index: number, chunk: number): Promise<void> {
    const file = this.#files[index]!;
    if (!file.missing.has(chunk)) return;
    if (this.#wholeOnly) return this.#stream(index);
    const start = chunk * CHUNK_BYTES;
    for (let fetches = 1; ; fetches++) {
      let bytes: Uint8Array;
      try {
        bytes = await file.http.read(start, start + chunkLength(file, chunk), this.#signal);
      } catch (error) {
        if (!(error instanceof NoRanges)) throw error;
        this.#wholeOnly = true;
        return this.#stream(index);
      }
      if (await this.#accept(index, chunk, bytes)) return;
      if (fetches === FETCHES) await this.#wrong(file, chunk);
    }
  }

  /** Files from a server that cannot send parts: fetched from front to back, with one chunk in memory. */
  #stream(index: number): Promise<void> {
    const file = this.#files[index]!;
    file.streaming ??= this.#streamFile(index, file);
    return file.streaming;
  }

  async #streamFile(index: number, file: DownloadFile): Promise<void> {
    for (let streams = 1; file.missing.size > 0; streams++) {
      try {
        const wrong = await this.#streamOnce(index, file);
        if (wrong !== null && streams >= FETCHES) await this.#wrong(file, wrong);
      } catch (error) {
        if (!(error instanceof NetworkError) || streams >= STREAMS) throw error;
        await wait((this.#options.retryDelay ?? 500) * 2 ** (streams - 1), this.#signal);
      }
    }
  }

  /** The first chunk whose hash was wrong, or null. */
  async #streamOnce(index: number, file: DownloadFile): Promise<number | null> {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, file.bytes));
    let chunk = 0;
    let filled = 0;
    for await (const piece of file.http.stream(this.#signal)) {
      for (let at = 0; at < piece.length;) {
        const length = chunkLength(file, chunk);
        if (length === 0) return file.chunks.length - 1; // longer than allowed
        const part = piece.subarray(at, at + length - filled);
        buffer.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < length) continue;
        if (file.missing.has(chunk) && !(await this.#accept(index, chunk, buffer.subarray(0, length)))) return chunk;
        chunk++;
        filled = 0;
      }
    }
    return file.missing.size > 0 ? chunk : null;
  }

  /** Writes and notes a chunk if its hash is right. */
  async #accept(index: number, chunk: number, bytes: Uint8Array): Promise<boolean> {
    const file = this.#files[index]!;
    if ((await sha256Hex(bytes)) !== file.chunks[chunk]) return false;
    const writer = await this.#writerOf(file);
    await writer.write(bytes, chunk * CHUNK_BYTES);
    const { journal } = this.#options.writer;
    file.missing.delete(chunk);
    this.#loaded += bytes.length;
    const note = { chunk: [index, chunk] satisfies ChunkId, at: this.#loaded / this.#total };
    const noted = this.#noting.then(() => journal?.add(note));
    this.#noting = noted.catch(() => undefined);
    await noted;
    const status = file.missing.size === 0 ? 'done' : 'progress';
    this.#options.onProgress?.({ status, phase: 'download', file: file.path, ...this.#figures() });
    return true;
  }

  #writerOf(file: DownloadFile): Promise<FileWriter> {
    file.writer ??= this.#options.writer.reopen(file.path, file.bytes);
    return file.writer;
  }

  async #wrong(file: DownloadFile, chunk: number): Promise<never> {
    const { bytes } = await fetchManifest(this.#options.url, { ...this.#options, signal: this.#signal });
    const changed = (await sha256Hex(bytes)) !== this.#manifestHash;
    throw new IntegrityError(
      changed
        ? `The bundle at ${String(this.#options.url)} was replaced during the download. Start again to get the new one.`
        : `${file.http.name} does not match ${MANIFEST_PATH}: chunk ${chunk} arrived with a wrong SHA-256 each of ` +
            `${FETCHES} times. The bundle on the server is damaged, or something in between changes it.`,
      { path: file.path, chunk, changed },
    );
  }

  #figures() {
    return {
      loaded: this.#loaded,
      total: this.#total,
      progress: this.#total ? (100 * this.#loaded) / this.#total : 100,
    };
  }
}

interface DownloadFile extends BundleFile {
  http: HttpFile;
  /** Chunks that are not yet written. */
  missing: Set<number>;
  writer: Promise<FileWriter> | null;
  streaming: Promise<void> | null;
}
