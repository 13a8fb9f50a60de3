/** @file The rows of an index in memory, which can be looked up by id, by path, by content and by vector. */

import type { PhotoItem } from '../types';
import type { PackedVectors } from '../vectors';
import { Albums } from './albums';
import { failureIn, slotIn } from './layers';
import { fileKey, isOlder, type AlbumRow, type FileRow, type FolderRow, type PictureRow } from './rows';
import { Shelf } from './shelf';

/** The layer in memory: that of the deep model in use. */
export interface DeepShelf {
  key: string;
  shelf: Shelf;
}

export class Catalog {
  readonly files = new Map<number, FileRow>();
  readonly folders = new Map<number, FolderRow>();
  readonly albums: Albums;
  /** The vectors of the index's own model, one for every picture. */
  readonly shelf: Shelf;
  #deep: DeepShelf | null = null;
  /** Pictures with a vector of the deep model, and those that it failed with. */
  #deepDone = 0;
  #deepFailed = 0;
  readonly #idOfKey = new Map<string, number>();
  readonly #idsOfHash = new Map<string, Set<number>>();
  readonly #picturesOfFolder = new Map<number, number>();
  /** Those among them that an earlier reader has read. */
  readonly #olderOfFolder = new Map<number, number>();
  /** Found missing by a walk. They are kept until its run ends, since they may turn up under another name. */
  readonly #missing = new Set<number>();
  #lastId = 0;
  #pictures = 0;

  constructor(
    vectors: PackedVectors,
    folders: readonly FolderRow[],
    files: readonly FileRow[],
    albums: readonly AlbumRow[] = [],
  ) {
    this.albums = new Albums(albums);
    this.shelf = new Shelf(vectors);
    for (const folder of folders) this.folders.set(folder.id, folder);
    for (const file of files) this.put(file);
  }

  get vectors(): PackedVectors {
    return this.shelf.vectors;
  }

  /** Null if there is no deep model. */
  get deep(): DeepShelf | null {
    return this.#deep;
  }

  /** Pictures with a vector of the deep model. */
  get deepDone(): number {
    return this.#deepDone;
  }

  /** Pictures that the deep model failed with. */
  get deepFailed(): number {
    return this.#deepFailed;
  }

  /** Starts to use a layer's vectors, or none. */
  attach(deep: DeepShelf | null): void {
    this.#deep = deep;
    this.#deepDone = 0;
    this.#deepFailed = 0;
    for (const row of deep ? this.files.values() : []) {
      if (row.kind !== 'picture' || this.#missing.has(row.id)) continue;
      this.#countDeep(row, 1);
      this.#showDeep(row, this.itemOf(row));
    }
  }

  /** Pictures that can be found. */
  get pictures(): number {
    return this.#pictures;
  }

  get problems(): number {
    return this.files.size - this.#pictures - this.#missing.size;
  }

  nextId(): number {
    return ++this.#lastId;
  }

  nextFolderId(): number {
    return Math.max(0, ...this.folders.keys()) + 1;
  }

  picturesIn(folderId: number): number {
    return this.#picturesOfFolder.get(folderId) ?? 0;
  }

  /** Pictures of a folder whose files contain more than an earlier version could read. */
  olderIn(folderId: number): number {
    return this.#olderOfFolder.get(folderId) ?? 0;
  }

  at(folderId: number, path: string): FileRow | undefined {
    const id = this.#idOfKey.get(fileKey(folderId, path));
    return id === undefined ? undefined : this.files.get(id);
  }

  picture(id: number): PictureRow | undefined {
    const row = this.files.get(id);
    return row?.kind === 'picture' && !this.#missing.has(id) ? row : undefined;
  }

  /** Pictures with these bytes: missing ones first. */
  withHash(hash: string): PictureRow[] {
    const rows = [...(this.#idsOfHash.get(hash) ?? [])].map((id) => this.files.get(id) as PictureRow);
    return rows.sort((a, b) => Number(this.#missing.has(b.id)) - Number(this.#missing.has(a.id)));
  }

  /** How many pictures with these bytes can be found. */
  shownWithHash(hash: string): number {
    let count = 0;
    for (const id of this.#idsOfHash.get(hash) ?? []) if (!this.#missing.has(id)) count++;
    return count;
  }

  isMissing(id: number): boolean {
    return this.#missing.has(id);
  }

  get missing(): number[] {
    return [...this.#missing];
  }

  /** Hides rows from everything but {@link withHash}, or shows them again. */
  setMissing(id: number, missing: boolean): void {
    const row = this.files.get(id);
    if (!row || this.#missing.has(id) === missing) return;
    this.#count(row, missing ? -1 : 1);
    if (missing) this.#missing.add(id);
    else this.#missing.delete(id);
    if (row.kind !== 'picture') return;
    const item = missing ? null : this.itemOf(row);
    this.shelf.show(row.slot, item);
    this.#showDeep(row, item);
  }

  /** Adds or replaces a row. Its vectors must be in memory; those that it had before are freed. */
  put(row: FileRow): void {
    const before = this.files.get(row.id);
    if (before) this.#forget(before, row.kind === 'picture' ? row : null);
    this.#lastId = Math.max(this.#lastId, row.id);
    this.files.set(row.id, row);
    this.#idOfKey.set(fileKey(row.folderId, row.path), row.id);
    this.#count(row, 1);
    if (row.kind !== 'picture') return;
    const item = this.itemOf(row);
    this.shelf.show(row.slot, item);
    this.#showDeep(row, item);
    const same = this.#idsOfHash.get(row.hash);
    if (same) same.add(row.id);
    else this.#idsOfHash.set(row.hash, new Set([row.id]));
  }

  remove(id: number): void {
    const row = this.files.get(id);
    if (row) this.#forget(row, null);
  }

  /** A picture as callers see it. */
  itemOf(row: PictureRow): PhotoItem {
    const { id, folderId, size, taken, dated, camera, place, words, unread = null, width, height, hash } = row;
    const path = `${this.folders.get(folderId)?.name ?? ''}/${row.path}`;
    const name = row.path.slice(row.path.lastIndexOf('/') + 1);
    const said = words && { words };
    return { id, path, name, folderId, size, taken, dated, camera, place, ...said, unread, width, height, hash };
  }

  /** One for each row of the vectors. */
  get rows(): (PhotoItem | null)[] {
    return this.shelf.items;
  }

  /** @param next the row that replaces it, and keeps the vectors that it names */
  #forget(row: FileRow, next: PictureRow | null): void {
    this.setMissing(row.id, false);
    this.#count(row, -1);
    this.files.delete(row.id);
    const key = fileKey(row.folderId, row.path);
    if (this.#idOfKey.get(key) === row.id) this.#idOfKey.delete(key);
    if (row.kind !== 'picture') return;
    const same = this.#idsOfHash.get(row.hash);
    same?.delete(row.id);
    if (same?.size === 0) this.#idsOfHash.delete(row.hash);
    if (row.slot !== next?.slot) this.shelf.free(row.slot);
    if (!this.#deep) return;
    const { key: layer, shelf } = this.#deep;
    const slot = slotIn(row, layer);
    if (slot !== undefined && slot !== (next && slotIn(next, layer))) shelf.free(slot);
  }

  #showDeep(row: PictureRow, item: PhotoItem | null): void {
    const slot = this.#deep && slotIn(row, this.#deep.key);
    if (slot != null) this.#deep!.shelf.show(slot, item);
  }

  #countDeep(row: PictureRow, by: number): void {
    if (!this.#deep) return;
    if (slotIn(row, this.#deep.key) !== undefined) this.#deepDone += by;
    if (failureIn(row, this.#deep.key) !== undefined) this.#deepFailed += by;
  }

  #count(row: FileRow, by: number): void {
    if (row.kind !== 'picture') return;
    this.#pictures += by;
    this.#picturesOfFolder.set(row.folderId, this.picturesIn(row.folderId) + by);
    if (isOlder(row)) this.#olderOfFolder.set(row.folderId, this.olderIn(row.folderId) + by);
    this.#countDeep(row, by);
  }
}
