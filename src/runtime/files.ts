/** @file The bundle's files for the runtime: verified before use, with progress, and only one at a time in memory. */

import type { BundleFile, BundleManifest } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { verifiedBytes, verifiedData } from '../store';
import { isNode } from './environment';
import type { RowFile } from './token-rows';
import type { OnProgress } from './types';

/** Reads verified files and reports how much of the whole has been read. */
export class BundleFiles {
  readonly #reader: BundleReader;
  readonly #total: number;
  readonly #onProgress: OnProgress | undefined;
  readonly #signal: AbortSignal | undefined;
  #before = 0;

  constructor(
    reader: BundleReader,
    manifest: BundleManifest,
    { onProgress, signal }: { onProgress?: OnProgress; signal?: AbortSignal } = {},
  ) {
    this.#reader = reader;
    this.#total = weightFiles(manifest).reduce((sum, file) => sum + file.bytes, 0);
    this.#onProgress = onProgress;
    this.#signal = signal;
  }

  /** A weight file as ONNX Runtime takes it: a path in Node, else a Blob or bytes that nothing else holds. */
  async weights(file: BundleFile): Promise<string | Blob | Uint8Array> {
    const event = { phase: 'load', file: file.path } as const;
    this.#onProgress?.({ status: 'initiate', ...event });
    this.#onProgress?.({ status: 'download', ...event });
    const data = await verifiedData(this.#reader, file, {
      signal: this.#signal,
      onBytes: (loaded) => this.#report(file, loaded),
    });
    this.#before += file.bytes;
    this.#onProgress?.({ status: 'done', ...event });
    // onnxruntime-node takes paths and bytes only.
    return isNode && data instanceof Blob ? new Uint8Array(await data.arrayBuffer()) : data;
  }

  /** The token-embedding table, to be read by slices. */
  async rows(file: BundleFile): Promise<RowFile> {
    const data = await this.weights(file);
    if (typeof data === 'string') return this.#reader.open(file.path, this.#signal);
    if (data instanceof Uint8Array) return { read: async (start, end) => data.subarray(start, end) };
    return { read: async (start, end) => new Uint8Array(await data.slice(start, end).arrayBuffer()) };
  }

  /** A small file. */
  bytes(file: BundleFile): Promise<Uint8Array> {
    return verifiedBytes(this.#reader, file, { signal: this.#signal });
  }

  #report(file: BundleFile, loaded: number): void {
    const share = (part: number, of: number) => (of > 0 ? (100 * part) / of : 100);
    this.#onProgress?.({
      status: 'progress',
      phase: 'load',
      file: file.path,
      loaded,
      total: file.bytes,
      progress: share(loaded, file.bytes),
    });
    const all = this.#before + loaded;
    this.#onProgress?.({
      status: 'progress_total',
      phase: 'load',
      loaded: all,
      total: this.#total,
      progress: share(all, this.#total),
    });
  }
}

/** Everything large: stage weights and the embedding table. */
export function weightFiles(manifest: BundleManifest): BundleFile[] {
  return [...manifest.stages.map((stage) => stage.weights), manifest.embeddings];
}
