/** @file The rows of an index in memory, findable by id, by place, by content and by vector. */

import type { PhotoItem } from '../types';
import type { PackedVectors } from '../vectors';
import { fileKey, type FileRow, type FolderRow, type PictureRow } from './rows';

export class Catalog {
  readonly files = new Map<number, FileRow>();
  readonly folders = new Map<number, FolderRow>();
  /** By row of the vectors; null where there is no picture to be found. */
  readonly items: (PhotoItem | null)[] = [];
  readonly #idOfKey = new Map<string, number>();
  readonly #idsOfHash = new Map<string, Set<number>>();
  readonly #picturesOfFolder = new Map<number, number>();
  /** Found to be gone by a walk. They stay until its run ends, for they may turn up under another name. */
  readonly #missing = new Set<number>();
  #lastId = 0;
  #pictures = 0;

  constructor(
    readonly vectors: PackedVectors,
    folders: readonly FolderRow[],
    files: readonly FileRow[],
  ) {
    for (const folder of folders) this.folders.set(folder.id, folder);
    for (const file of files) this.put(file);
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

  at(folderId: number, path: string): FileRow | undefined {
    const id = this.#idOfKey.get(fileKey(folderId, path));
    return id === undefined ? undefined : this.files.get(id);
  }

  picture(id: number): PictureRow | undefined {
    const row = this.files.get(id);
    return row?.kind === 'picture' && !this.#missing.has(id) ? row : undefined;
  }

  /** Pictures with these bytes: those that are missing first. */
  withHash(hash: string): PictureRow[] {
    const rows = [...(this.#idsOfHash.get(hash) ?? [])].map((id) => this.files.get(id) as PictureRow);
    return rows.sort((a, b) => Number(this.#missing.has(b.id)) - Number(this.#missing.has(a.id)));
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
    if (row.kind === 'picture') this.items[row.slot] = missing ? null : this.itemOf(row);
  }

  /** Adds or replaces a row. Its vector must be in memory; one that it had before is freed. */
  put(row: FileRow): void {
    const before = this.files.get(row.id);
    if (before) this.#forget(before, row.kind === 'picture' ? row.slot : null);
    this.#lastId = Math.max(this.#lastId, row.id);
    this.files.set(row.id, row);
    this.#idOfKey.set(fileKey(row.folderId, row.path), row.id);
    this.#count(row, 1);
    if (row.kind !== 'picture') return;
    while (this.items.length <= row.slot) this.items.push(null);
    this.items[row.slot] = this.itemOf(row);
    const same = this.#idsOfHash.get(row.hash);
    if (same) same.add(row.id);
    else this.#idsOfHash.set(row.hash, new Set([row.id]));
  }

  remove(id: number): void {
    const row = this.files.get(id);
    if (row) this.#forget(row, null);
  }

  /** What callers see of a picture. */
  itemOf(row: PictureRow): PhotoItem {
    const { id, folderId, size, taken, dated, camera, place, unread = null, width, height, hash } = row;
    const path = `${this.folders.get(folderId)?.name ?? ''}/${row.path}`;
    const name = row.path.slice(row.path.lastIndexOf('/') + 1);
    return { id, path, name, folderId, size, taken, dated, camera, place, unread, width, height, hash };
  }

  /** One for each row of the vectors. */
  get rows(): (PhotoItem | null)[] {
    while (this.items.length < this.vectors.rows) this.items.push(null);
    return this.items;
  }

  #forget(row: FileRow, keepSlot: number | null): void {
    this.setMissing(row.id, false);
    this.#count(row, -1);
    this.files.delete(row.id);
    const key = fileKey(row.folderId, row.path);
    if (this.#idOfKey.get(key) === row.id) this.#idOfKey.delete(key);
    if (row.kind !== 'picture') return;
    const same = this.#idsOfHash.get(row.hash);
    same?.delete(row.id);
    if (same?.size === 0) this.#idsOfHash.delete(row.hash);
    if (row.slot === keepSlot) return;
    this.items[row.slot] = null;
    if (this.vectors.has(row.slot)) this.vectors.remove(row.slot);
  }

  #count(row: FileRow, by: number): void {
    if (row.kind !== 'picture') return;
    this.#pictures += by;
    this.#picturesOfFolder.set(row.folderId, this.picturesIn(row.folderId) + by);
  }
}
