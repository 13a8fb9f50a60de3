/**
 * @file Where an index lies, as all that reads and writes one sees it: rows that change by transactions, and two files of
 * bytes that only grow. In a browser that is IndexedDB and the origin-private file system (`browser-storage.ts`), in Node a
 * folder (`folder-storage.node.ts`).
 */

import type { AttemptRow, FileRow, FolderRow, MetaRow } from './rows';

/** What one transaction changes; all of it or nothing. */
export interface Changes {
  put?: readonly FileRow[];
  remove?: readonly number[];
  /** Keys whose attempt ended, well or not. */
  ended?: readonly string[];
  folders?: { put?: readonly FolderRow[]; remove?: readonly number[] };
  meta?: MetaRow;
  /** Before all else: forget what there was. */
  clear?: boolean;
}

export interface Loaded {
  meta: MetaRow | null;
  folders: FolderRow[];
  files: FileRow[];
}

/** Bytes at places. */
export interface PackReader {
  size(): Promise<number>;
  /** @throws SourceNotFoundError where they are not all there */
  read(at: number, bytes: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** A file that nobody else writes. */
export interface PackWriter extends PackReader {
  /** Where the next bytes go. */
  readonly end: number;
  /** Returns where they lie. They count once {@link flush} resolved. @throws StorageFullError */
  append(bytes: Uint8Array): Promise<number>;
  flush(): Promise<void>;
  /** Forgets what lies behind `end`. */
  truncate(end: number): Promise<void>;
}

/** Both files of an index. */
export interface Packs {
  vectors: PackReader;
  thumbnails: PackReader;
}

export interface Writers {
  vectors: PackWriter;
  thumbnails: PackWriter;
}

/** The record of what is being worked on. */
export interface AttemptStore {
  loadAttempts(): Promise<AttemptRow[]>;
  putAttempts(rows: readonly AttemptRow[]): Promise<void>;
}

export interface IndexStorage extends AttemptStore {
  /** All rows, as one moment had them. */
  load(): Promise<Loaded>;
  /** Resolves once it is committed. @throws StorageFullError */
  commit(changes: Changes): Promise<void>;
  clearAttempts(): Promise<void>;
  /** The files of a generation, to be read while another one may write them. */
  openReaders(generation: number): Promise<Packs>;
  /** Makes them where they are not there. */
  openWriters(generation: number): Promise<Writers>;
  /** Removes the files of all other generations: what a crash left of them. */
  removeOthers(generation: number): Promise<void>;
  close(): Promise<void>;
}

export async function closePacks({ vectors, thumbnails }: Packs): Promise<void> {
  await vectors.close().catch(() => undefined);
  await thumbnails.close().catch(() => undefined);
}
