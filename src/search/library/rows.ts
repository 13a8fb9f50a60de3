/** @file What IndexedDB stores of a photo index. Vectors and thumbnails are stored in files; see `packs.ts`. */

import type { PhotoItem } from '../types';

/** Grows when rows or files change their form. */
export const INDEX_VERSION = 4;

/**
 * Grows when more can be read of files. What an earlier one has read is looked at again, without the model; vectors stay.
 * 2: dates however spelled; 3: keywords, titles and captions.
 */
export const READER = 3;

export interface FolderRow {
  id: number;
  name: string;
  /** Null where files were picked without one, and in imported indexes. */
  handle: FileSystemDirectoryHandle | null;
  /** Pictures at the last complete walk. */
  found: number | null;
}

/** Favourites or an album: see `albums.ts`. */
export interface AlbumRow {
  /** `FAVOURITES`, or larger. */
  id: number;
  /** For people; empty for the favourites. */
  name: string;
  /** Milliseconds since 1970. */
  created: number;
  /** SHA-256 of their files, in hex, as they were added; of pictures that are not in the index now, too. */
  pictures: readonly string[];
}

/** Of one file, with any outcome. */
interface FileFacts {
  id: number;
  folderId: number;
  /** Within the folder. */
  path: string;
  /** Bytes. */
  size: number;
  /** Milliseconds since 1970. */
  modified: number;
  /** {@link READER} that looked at it; absent for the first one. */
  reader?: number;
}

/** A picture that can be searched. */
export interface PictureRow
  extends FileFacts, Pick<PhotoItem, 'taken' | 'dated' | 'camera' | 'place' | 'words' | 'width' | 'height' | 'hash'> {
  kind: 'picture';
  /** As {@link PhotoItem.unread}; absent where the first reader looked at it. */
  unread?: string | null;
  /** Position of its vector in the file of vectors. */
  slot: number;
  /** Bytes of its thumbnail in the file of thumbnails; null where none was made. */
  thumb: { at: number; bytes: number; type: string } | null;
  /** By layer ({@link LayerRow.key}): what another model made of it. Absent where none did. */
  deep?: Readonly<Record<string, DeepEntry>>;
}

/** The position of a vector in its layer's file, or why there is none. */
export type DeepEntry = { slot: number } | { reason: string };

/** Vectors of another model than the index's own, in a file of their own. */
export interface LayerRow {
  /** In rows and in the file's name: see `layers.ts`. */
  key: string;
  modelId: string;
  /** For people. */
  modelName: string | null;
  dims: number;
}

/** A file that could not be indexed. */
export interface ProblemRow extends FileFacts {
  kind: 'skipped' | 'failed';
  reason: string;
}

export type FileRow = PictureRow | ProblemRow;

/** A picture that was being worked on when everything ended, or is being worked on now. */
export interface AttemptRow {
  /** {@link fileKey}. */
  key: string;
  /** How often the worker, the model or the page died meanwhile. */
  deaths: number;
  /** How often of these nothing else was in progress. */
  alone: number;
  /** Being worked on by this opening of the index; null where it waits for its next turn. */
  session: string | null;
}

export interface MetaRow {
  /** Of the library, as whoever opened it calls it. */
  name: string;
  modelId: string;
  /** For people. */
  modelName: string | null;
  /** When it was last opened for writing. */
  lastUsed: number;
  dims: number;
  /** Number in the names of the files that count. */
  generation: number;
  /** Grows with each change to what can be found. */
  revision: number;
  /** What that was when pictures last came, changed or went; absent in an index of an earlier version. */
  contentRevision?: number;
  /** When favourites or albums were last changed; absent where they never were, and in the folder of an index. */
  albumsChanged?: number;
  /** A run was begun and neither ended nor cancelled. */
  unfinished: boolean;
  /** Absent in an index of an earlier version, which had none. */
  layers?: readonly LayerRow[];
}

/** A file's name in an index: paths hold no NUL. */
export function fileKey(folderId: number, path: string): string {
  return `${folderId}\0${path}`;
}

/** Whether an earlier {@link READER} looked at a file. */
export function isOlder({ reader = 1 }: Pick<FileRow, 'reader'>): boolean {
  return reader < READER;
}
