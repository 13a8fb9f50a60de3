/** @file The bundle's files for the runtime: verified before use, with progress, and only one at a time in memory. */

import type { BundleFile, BundleManifest } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { blobFile, verifiedBytes, verifiedData, verifiedRange, type ByteRange } from '../store';
import { isNode } from '../environment';
import type { RowFile } from './token-rows';
import type { OnProgress } from './types';

/** A weight file, or the part of one that is wanted. */
export interface WeightPart {
  file: BundleFile;
  range?: ByteRange;
}

/** Reads verified files and reports how much of the whole has been read. */
export class BundleFiles {
  readonly #reader: BundleReader;
  readonly #total: number;
  readonly #onProgress: OnProgress | undefined;
  readonly #signal: AbortSignal | undefined;
  #before = 0;

  /** @param wanted everything that will be read: the total for progress */
  constructor(
    reader: BundleReader,
    wanted: readonly WeightPart[],
    { onProgress, signal }: { onProgress?: OnProgress; signal?: AbortSignal } = {},
  ) {
    this.#reader = reader;
    this.#total = wanted.reduce((sum, part) => sum + bytesOf(part), 0);
    this.#onProgress = onProgress;
    this.#signal = signal;
  }

  /**
   * Weights in the form that ONNX Runtime takes: of a file in a folder (Node) its path, also if only a range of it is
   * wanted; else a Blob or bytes that nothing else holds.
   */
  async weights(part: WeightPart): Promise<string | Blob | Uint8Array> {
    const { file, range } = part;
    const event = { phase: 'load', file: file.path } as const;
    this.#onProgress?.({ status: 'initiate', ...event });
    this.#onProgress?.({ status: 'download', ...event });
    const options = { signal: this.#signal, onBytes: (loaded: number) => this.#report(part, loaded) };
    const data = range
      ? await verifiedRange(this.#reader, file, range, options)
      : await verifiedData(this.#reader, file, options);
    this.#before += bytesOf(part);
    this.#onProgress?.({ status: 'done', ...event });
    // onnxruntime-node takes paths and bytes only.
    return isNode && data instanceof Blob ? new Uint8Array(await data.arrayBuffer()) : data;
  }

  /** The token-embedding table, to be read by slices. */
  async rows(file: BundleFile): Promise<RowFile> {
    // Opened before it is verified: its reads then fail if it is replaced in between, or later.
    const opened = this.#reader.isRemote ? null : await this.#reader.open(file.path, this.#signal);
    const data = await this.weights({ file });
    if (data instanceof Uint8Array) return { read: async (start, end) => data.subarray(start, end) };
    if (data instanceof Blob) return blobFile(file.path, data);
    return opened ?? this.#reader.open(file.path, this.#signal);
  }

  /** A small file. */
  bytes(file: BundleFile): Promise<Uint8Array> {
    return verifiedBytes(this.#reader, file, { signal: this.#signal });
  }

  #report(part: WeightPart, loaded: number): void {
    const bytes = bytesOf(part);
    const share = (part: number, of: number) => (of > 0 ? (100 * part) / of : 100);
    this.#onProgress?.({
      status: 'progress',
      phase: 'load',
      file: part.file.path,
      loaded,
      total: bytes,
      progress: share(loaded, bytes),
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

function bytesOf({ file, range }: WeightPart): number {
  return range ? range.end - range.start : file.bytes;
}

/** Everything large: stage weights and the embedding table. */
export function weightFiles(manifest: BundleManifest): BundleFile[] {
  return [...manifest.stages.map((stage) => stage.weights), manifest.embeddings];
}
