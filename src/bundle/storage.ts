/**
 * @file The interfaces between bundles and where they are kept: OPFS, a folder, memory, HTTP. Implemented in `store/`.
 */

/** One stored file of a bundle. */
export interface StoredFile {
  readonly path: string;
  /** Length in bytes. */
  readonly size: number;
  /** Bytes `start` (inclusive) to `end` (exclusive); rejects if the file is too short. */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * The whole file in the cheapest form that ONNX Runtime takes as external data: an absolute path in Node, a
   * (disk-backed) Blob or bytes elsewhere.
   */
  data(signal?: AbortSignal): Promise<string | Blob | Uint8Array>;
  /** In the file system, where it lies and how it is hashed in place. */
  readonly onDisk?: FileOnDisk;
}

/** A file that ONNX Runtime can map into memory, so that its bytes need not be held. */
export interface FileOnDisk {
  /** Absolute. */
  readonly path: string;
  /** SHA-256 of bytes `start` to `end`, in lower-case hex; rejects if the file is too short. */
  sha256(start: number, end: number, signal?: AbortSignal): Promise<string>;
}

/** A bundle that can be read. */
export interface BundleReader {
  /** Path, URL, or name in the store, for messages. */
  readonly label: string;
  /** Whether every read is a request over the network. @default false */
  readonly isRemote?: boolean;
  /** Opens a file. Rejects with {@link SourceNotFoundError} if there is none. */
  open(path: string, signal?: AbortSignal): Promise<StoredFile>;
}

/** A file being written. */
export interface FileWriter {
  /**
   * Writes at `position`; without a position, after what was written last. The bytes may be reused once this resolves.
   */
  write(bytes: Uint8Array, position?: number): Promise<void>;
  close(): Promise<void>;
}

/** A bundle being written under a temporary name; nothing is visible until {@link BundleWriter.publish}. */
export interface BundleWriter {
  /** A new file, written front to back. */
  create(path: string): Promise<FileWriter>;
  /**
   * A file of `bytes` bytes whose parts are written in any order. What an earlier, interrupted writer put into it is
   * still there; parts that nobody has written are undefined.
   */
  reopen(path: string, bytes: number): Promise<FileWriter>;
  /** Deletes a file that was written; does nothing if there is none. */
  remove(path: string): Promise<void>;
  /** Notes that outlive an interruption; null if this writer cannot be resumed. */
  readonly journal: Journal | null;
  /** Reads back what was written and closed, before publishing (the probe needs it). */
  reader(): BundleReader;
  /** Gives the bundle its name. Only now, and completely, does it replace an older bundle of that name. */
  publish(): Promise<void>;
  /** Deletes everything written. Safe to call after a failure, at any time before publish. */
  abort(): Promise<void>;
  /** Closes everything and leaves it for a later writer of that name to continue. Without a journal, aborts. */
  pause(): Promise<void>;
}

/** Plain-data notes, in order. A note that a crash cut short is dropped, with everything after it. */
export interface Journal {
  /** What earlier writers noted. */
  readonly notes: readonly unknown[];
  /** Resolves once the note, and everything written to files before it, would survive a crash. */
  add(note: unknown): Promise<void>;
  /** Forgets all notes. The files remain, to be overwritten. */
  clear(): Promise<void>;
}
