/** @file The seams between bundles and where they lie: OPFS, a folder, memory, HTTP. Implemented in `store/`. */

/** One file of a bundle at rest. */
export interface StoredFile {
  readonly path: string;
  /** Length in bytes. */
  readonly size: number;
  /** Bytes `start` (inclusive) to `end` (exclusive); rejects when short. */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * The whole file as the cheapest thing ONNX Runtime takes as external data: an absolute path in Node, a
   * (disk-backed) Blob or bytes elsewhere.
   */
  data(signal?: AbortSignal): Promise<string | Blob | Uint8Array>;
}

/** A bundle that can be read. */
export interface BundleReader {
  /** For messages: path, URL, or store name. */
  readonly label: string;
  /** Rejects with {@link SourceNotFoundError} when the file is not there. */
  open(path: string, signal?: AbortSignal): Promise<StoredFile>;
}

/** A file being written, front to back. */
export interface FileWriter {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A bundle being written under a temporary name; nothing is visible until {@link BundleWriter.publish}. */
export interface BundleWriter {
  create(path: string): Promise<FileWriter>;
  /** Reads back what was written and closed, before publishing (the probe needs it). */
  reader(): BundleReader;
  /** Gives the bundle its name. Replaces an older bundle of that name only now, and wholly. */
  publish(): Promise<void>;
  /** Deletes everything written. Safe to call after a failure, at any time before publish. */
  abort(): Promise<void>;
}
