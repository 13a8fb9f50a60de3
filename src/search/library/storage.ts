/**
 * @file The storage of an index, as seen by everything that reads and writes one: rows that change in transactions, and
 * files of bytes that only grow. In a browser that is IndexedDB and the origin-private file system
 * (`browser-storage.ts`), in Node a folder (`folder-storage.node.ts`).
 */

import { UnsupportedError } from '../../errors';
import type { AlbumChanges } from './albums';
import type { AlbumRow, AttemptRow, FileRow, FolderRow, LayerRow, MetaRow } from './rows';

/** What one transaction changes; all of it or nothing. */
export interface Changes {
  put?: readonly FileRow[];
  remove?: readonly number[];
  /** Keys whose attempt ended, well or not. */
  ended?: readonly string[];
  folders?: { put?: readonly FolderRow[]; remove?: readonly number[] };
  albums?: AlbumChanges;
  meta?: MetaRow;
  /** Before all else: forget what there was. */
  clear?: boolean;
}

export interface Loaded {
  meta: MetaRow | null;
  folders: FolderRow[];
  files: FileRow[];
  albums: AlbumRow[];
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

/** With the vectors of further models, by the keys of their layers. */
export interface AllPacks extends Packs {
  layers: ReadonlyMap<string, PackReader>;
}

export interface AllWriters extends Writers {
  layers: Map<string, PackWriter>;
}

/** The files of layers: see `layers.ts`. */
export interface LayerFiles {
  openReader(layer: LayerRow, generation: number): Promise<PackReader>;
  /** Makes it where it is not there. */
  openWriter(layer: LayerRow, generation: number): Promise<PackWriter>;
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
  /** Where there is none, an index holds vectors of one model. */
  readonly layerFiles?: LayerFiles;
  /** Removes the files of all other generations, and of layers but these: what a crash left of them. */
  removeOthers(generation: number, layers: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** @throws UnsupportedError where there can be no layers */
export async function openAllReaders(
  storage: IndexStorage,
  generation: number,
  layers: readonly LayerRow[],
): Promise<AllPacks> {
  const packs = await storage.openReaders(generation);
  return {
    ...packs,
    layers: await openLayers(layers, (layer) => layerFilesOf(storage).openReader(layer, generation), packs),
  };
}

/** @throws UnsupportedError where there can be no layers */
export async function openAllWriters(
  storage: IndexStorage,
  generation: number,
  layers: readonly LayerRow[],
): Promise<AllWriters> {
  const packs = await storage.openWriters(generation);
  return {
    ...packs,
    layers: await openLayers(layers, (layer) => layerFilesOf(storage).openWriter(layer, generation), packs),
  };
}

/** @throws UnsupportedError where there are none */
export function layerFilesOf({ layerFiles }: IndexStorage): LayerFiles {
  if (layerFiles) return layerFiles;
  throw new UnsupportedError('An index of this kind only holds the vectors of one model.');
}

async function openLayers<T extends PackReader>(
  rows: readonly LayerRow[],
  open: (layer: LayerRow) => Promise<T>,
  packs: Packs,
): Promise<Map<string, T>> {
  const layers = new Map<string, T>();
  try {
    for (const row of rows) layers.set(row.key, await open(row));
    return layers;
  } catch (error) {
    await closePacks({ ...packs, layers });
    throw error;
  }
}

export async function closePacks({ vectors, thumbnails, layers }: Packs & Partial<AllPacks>): Promise<void> {
  for (const pack of [vectors, thumbnails, ...(layers?.values() ?? [])]) await pack.close().catch(() => undefined);
}
