/** @file What IndexedDB stores of a photo index. Vectors and thumbnails are stored in files; see `packs.ts`. */

import type { PhotoItem } from '../types';

/** Grows when rows or files change their form. */
export const INDEX_VERSION = 4;

/**
 * Grows when more metadata can be read. Files read by an earlier version are read again, without the model; vectors
 * stay. 2: dates in any spelling; 3: keywords, titles and captions.
 */
export const READER = 3;

export interface FolderRow {
  id: number;
  name: string;
  /** Null if files were picked without one, and in imported indexes. */
  handle: FileSystemDirectoryHandle | null;
  /** Pictures at the last complete walk. */
  found: number | null;
}

/** Favourites or an album: see `albums.ts`. */
export interface AlbumRow {
  /** `FAVOURITES`, or larger. */
  id: number;
  /** The name to display; empty for the favourites. */
  name: string;
  /** Milliseconds since 1970. */
  created: number;
  /**
   * SHA-256 of their files, in hex, in the order in which they were added, including those of pictures that are not in
   * the index now.
   */
  pictures: readonly string[];
}

/** The row of one file, whatever its outcome. */
interface FileFacts {
  id: number;
  folderId: number;
  /** Its path within the folder. */
  path: string;
  /** Bytes. */
  size: number;
  /** Milliseconds since 1970. */
  modified: number;
  /** The {@link READER} that read it; absent for the first one. */
  reader?: number;
}

/** A picture that can be searched. */
export interface PictureRow
  extends FileFacts, Pick<PhotoItem, 'taken' | 'dated' | 'camera' | 'place' | 'words' | 'width' | 'height' | 'hash'> {
  kind: 'picture';
  /** As {@link PhotoItem.unread}; absent if the first reader read it. */
  unread?: string | null;
  /** Position of its vector in the file of vectors. */
  slot: number;
  /** Bytes of its thumbnail in the file of thumbnails; null if none was made. */
  thumb: { at: number; bytes: number; type: string } | null;
  /** By layer ({@link LayerRow.key}): the results of other models. Absent if there are none. */
  deep?: Readonly<Record<string, DeepEntry>>;
}

/** The position of a vector in its layer's file, or the reason why there is none. */
export type DeepEntry = { slot: number } | { reason: string };

/** Vectors of a model other than the index's own, in a separate file. */
export interface LayerRow {
  /** In rows and in the file's name: see `layers.ts`. */
  key: string;
  modelId: string;
  /** A name to display. */
  modelName: string | null;
  dims: number;
}

/** A file that could not be indexed. */
export interface ProblemRow extends FileFacts {
  kind: 'skipped' | 'failed';
  reason: string;
}

export type FileRow = PictureRow | ProblemRow;

/** A picture that was in progress when everything ended, or is in progress now. */
export interface AttemptRow {
  /** {@link fileKey}. */
  key: string;
  /** How often the worker, the model or the page died meanwhile. */
  deaths: number;
  /** How many of those times nothing else was in progress. */
  alone: number;
  /** The opening of the index that is working on it; null if it waits for its next turn. */
  session: string | null;
}

export interface MetaRow {
  /** The library's name, given by whoever opened it. */
  name: string;
  modelId: string;
  /** A name to display. */
  modelName: string | null;
  /** When it was last opened for writing. */
  lastUsed: number;
  dims: number;
  /** The number in the names of the current files. */
  generation: number;
  /** Grows with each change to what can be found. */
  revision: number;
  /** Its value when pictures were last added, changed or removed; absent in an index of an earlier version. */
  contentRevision?: number;
  /** When favourites or albums were last changed; absent if they never were, and for an index in a folder. */
  albumsChanged?: number;
  /** A run was started, and has neither ended nor been cancelled. */
  unfinished: boolean;
  /** Absent in an index of an earlier version, which had none. */
  layers?: readonly LayerRow[];
}

/** A file's name in an index. Paths contain no NUL, so it can separate the parts. */
export function fileKey(folderId: number, path: string): string {
  return `${folderId}\0${path}`;
}

/** Whether an earlier {@link READER} read a file. */
export function isOlder({ reader = 1 }: Pick<FileRow, 'reader'>): boolean {
  return reader < READER;
}
