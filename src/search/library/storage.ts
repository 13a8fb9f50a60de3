/**
 * @file The storage of an index, as seen by everything that reads and writes one: rows that change in transactions, and
 * files of bytes that only grow. In a browser that is IndexedDB and the origin-private file system
 * (`browser-storage.ts`), in Node a folder (`folder-storage.node.ts`).
 */

import { UnsupportedError } from '../../errors';
import type { AlbumChanges } from './albums';
import type { AlbumRow, AttemptRow, FileRow, FolderRow, LayerRow, MetaRow } from './rows';

/** The changes of one transaction; all of them or none. */
export interface Changes {
  put?: readonly FileRow[];
  remove?: readonly number[];
  /** Keys whose attempt ended, successfully or not. */
  ended?: readonly string[];
  folders?: { put?: readonly FolderRow[]; remove?: readonly number[] };
  albums?: AlbumChanges;
  meta?: MetaRow;
  /** Before everything else: forget all earlier contents. */
  clear?: boolean;
}

export interface Loaded {
  meta: MetaRow | null;
  folders: FolderRow[];
  files: FileRow[];
  albums: AlbumRow[];
}

/** Bytes that are read by position. */
export interface PackReader {
  size(): Promise<number>;
  /**
   * @param into memory that may be used for the result, of at least that many bytes: for reading much in parts
   * @throws SourceNotFoundError if they are not all there
   */
  read(at: number, bytes: number, into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** A file that only this code writes. */
export interface PackWriter extends PackReader {
  /** The position of the next bytes. */
  readonly end: number;
  /** Returns their position. They count once {@link flush} has resolved. @throws StorageFullError */
  append(bytes: Uint8Array): Promise<number>;
  flush(): Promise<void>;
  /** Drops everything after `end`. */
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
  /** Creates it if it does not exist. */
  openWriter(layer: LayerRow, generation: number): Promise<PackWriter>;
}

/** The record of what is in progress. */
export interface AttemptStore {
  loadAttempts(): Promise<AttemptRow[]>;
  putAttempts(rows: readonly AttemptRow[]): Promise<void>;
}

export interface IndexStorage extends AttemptStore {
  /** All rows at one point in time. */
  load(): Promise<Loaded>;
  /** Resolves once it is committed. @throws StorageFullError */
  commit(changes: Changes): Promise<void>;
  clearAttempts(): Promise<void>;
  /** The files of a generation, for reading while another tab may write them. */
  openReaders(generation: number): Promise<Packs>;
  /** Creates them if they do not exist. */
  openWriters(generation: number): Promise<Writers>;
  /** Without it, an index holds vectors of one model only. */
  readonly layerFiles?: LayerFiles;
  /** Removes the files of all other generations, and of layers other than these, which a crash may have left. */
  removeOthers(generation: number, layers: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** @throws UnsupportedError if layers are not supported */
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

/** @throws UnsupportedError if layers are not supported */
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

/** @throws UnsupportedError if there are none */
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
  return closedOnError({ close: () => closePacks({ ...packs, layers }) }, async () => {
    for (const row of rows) layers.set(row.key, await open(row));
    return layers;
  });
}

export async function closePacks({ vectors, thumbnails, layers }: Packs & Partial<AllPacks>): Promise<void> {
  for (const pack of [vectors, thumbnails, ...(layers?.values() ?? [])]) await pack.close().catch(() => undefined);
}

/** Uses what was just opened, and closes it if that fails: nothing stays open of what could not be opened whole. */
export async function closedOnError<T>(opened: { close(): Promise<void> }, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    await opened.close();
    throw error;
  }
}
