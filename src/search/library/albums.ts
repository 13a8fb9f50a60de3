/**
 * @file Favourites and albums. A picture is identified by the SHA-256 of its bytes, so it stays in an album when its
 * file is moved, renamed or indexed again, and reappears after its folder was removed and added back. A file that
 * changes stays in its albums under its new hash. Copies count as one picture.
 */

import { InvalidInputError } from '../../errors';
import type { Album } from '../types';
import type { Catalog } from './catalog';
import type { AlbumRow, FileRow } from './rows';

/** The id of the favourites, which every index has. */
export const FAVOURITES = 0;

export const MAX_ALBUMS = 10_000;
export const MAX_ALBUM_NAME = 100;

/** What one transaction changes in them. */
export interface AlbumChanges {
  put?: readonly AlbumRow[];
  remove?: readonly number[];
}

/** A change that a caller requests. Pictures are given by their ids. */
export type AlbumWish =
  | { kind: 'create'; name: string; ids: readonly number[] }
  | { kind: 'rename'; id: number; name: string }
  | { kind: 'delete'; id: number }
  | { kind: 'change'; id: number; add: readonly number[]; remove: readonly number[] };

interface Kept {
  row: AlbumRow;
  members: ReadonlySet<string>;
}

/** The rows, held in memory. */
export class Albums {
  readonly #kept = new Map<number, Kept>();

  constructor(rows: readonly AlbumRow[]) {
    this.apply({ put: rows });
  }

  /** The rows that are stored. */
  get rows(): AlbumRow[] {
    return Array.from(this.#kept.values(), ({ row }) => row);
  }

  get size(): number {
    return this.#kept.size;
  }

  /** @throws InvalidInputError if there is no such album */
  row(id: number): AlbumRow {
    const kept = this.#kept.get(id);
    if (kept) return kept.row;
    if (id === FAVOURITES) return { id, name: '', created: 0, pictures: [] };
    throw new InvalidInputError(`The index has no album ${id}; it may have been deleted.`, { album: id });
  }

  /** Hashes of its pictures. @throws InvalidInputError if there is no such album */
  members(id: number): ReadonlySet<string> {
    return this.#kept.get(id)?.members ?? new Set(this.row(id).pictures);
  }

  apply({ put = [], remove = [] }: AlbumChanges): void {
    for (const id of remove) this.#kept.delete(id);
    for (const row of put) this.#kept.set(row.id, { row, members: new Set(row.pictures) });
  }
}

/**
 * The changes that a request leads to, and the album they concern.
 * @throws InvalidInputError for a name that is not valid or already taken, and for unknown albums and pictures
 */
export function granted(catalog: Catalog, wish: AlbumWish): { id: number; changes: AlbumChanges } {
  const { albums } = catalog;
  if (wish.kind === 'create') {
    const name = freeName(albums, wish.name, null);
    if (albums.size >= MAX_ALBUMS)
      throw new InvalidInputError(`The index already has ${MAX_ALBUMS} albums, which is the limit.`);
    const id = Math.max(FAVOURITES, ...albums.rows.map((row) => row.id)) + 1;
    const pictures = [...new Set(hashesOf(catalog, wish.ids))];
    return { id, changes: { put: [{ id, name, created: Date.now(), pictures }] } };
  }
  const { id } = wish;
  const row = albums.row(id);
  if (wish.kind === 'change') {
    const pictures = new Set(row.pictures);
    for (const hash of hashesOf(catalog, wish.remove)) pictures.delete(hash);
    for (const hash of hashesOf(catalog, wish.add)) pictures.add(hash);
    return { id, changes: { put: [{ ...row, pictures: [...pictures] }] } };
  }
  if (id === FAVOURITES) {
    throw new InvalidInputError(`The favourites cannot be ${wish.kind === 'rename' ? 'renamed' : 'deleted'}.`, {
      album: id,
    });
  }
  if (wish.kind === 'delete') return { id, changes: { remove: [id] } };
  return { id, changes: { put: [{ ...row, name: freeName(albums, wish.name, id) }] } };
}

/**
 * Which albums a commit changes: a file that is overwritten stays in its albums under its new hash. The old hash stays
 * too, because those bytes may exist elsewhere (in a copy made earlier) or come back.
 */
export function edited({ albums, files }: Catalog, put: readonly FileRow[]): AlbumChanges | undefined {
  if (albums.size === 0) return undefined;
  const edits = put.flatMap((row) => {
    const before = row.kind === 'picture' ? files.get(row.id) : undefined;
    if (row.kind !== 'picture' || before?.kind !== 'picture' || before.hash === row.hash) return [];
    return [{ from: before.hash, to: row.hash }];
  });
  if (edits.length === 0) return undefined;
  const changed = albums.rows.flatMap((row) => {
    const pictures = new Set(row.pictures);
    for (const { from, to } of edits) if (pictures.has(from)) pictures.add(to);
    return pictures.size > row.pictures.length ? [{ ...row, pictures: [...pictures] }] : [];
  });
  return changed.length > 0 ? { put: changed } : undefined;
}

/**
 * Describes the albums: favourites first, then by name.
 * @param of the pictures to count in {@link Album.contains}
 */
export function describeAlbums(catalog: Catalog, of: readonly number[] = []): Album[] {
  const { albums } = catalog;
  const asked = hashesOf(catalog, of);
  const others = albums.rows.filter(({ id }) => id !== FAVOURITES);
  others.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }) || a.id - b.id);
  return [albums.row(FAVOURITES), ...others].map(({ id, name, created, pictures }) => {
    const members = albums.members(id);
    let count = 0;
    for (const hash of pictures) count += catalog.shownWithHash(hash);
    return { id, name, created, pictures: count, contains: asked.filter((hash) => members.has(hash)).length };
  });
}

/** One hash for each id. @throws InvalidInputError */
function hashesOf(catalog: Catalog, ids: readonly number[]): string[] {
  return ids.map((id) => {
    const row = catalog.picture(id);
    if (!row) throw new InvalidInputError(`The index has no picture ${id}.`, { id });
    return row.hash;
  });
}

/** Why a text is not a valid album name; null if it is valid. */
export function albumNameProblem(name: string): string | null {
  if (name.trim() !== name || name === '') return 'It must not be empty, and must not begin or end with a space.';
  if (name.length > MAX_ALBUM_NAME) return `It has more than ${MAX_ALBUM_NAME} characters.`;
  // Characters that change the direction of writing, or have no width: they make one name look like another.
  return /[\p{Cc}\p{Zl}\p{Zp}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/u.test(name)
    ? 'It contains invisible characters.'
    : null;
}

/** The key by which names are compared. */
export function albumKey(name: string): string {
  return name.normalize('NFC').toLocaleLowerCase('en');
}

/** @param own the album that already has it */
function freeName(albums: Albums, wished: string, own: number | null): string {
  if (typeof wished !== 'string') throw new InvalidInputError('name: it is not a text.', { option: 'name' });
  const name = wished.normalize('NFC').trim();
  const problem = albumNameProblem(name);
  if (problem) throw new InvalidInputError(`name: ${problem}`, { option: 'name' });
  if (albums.rows.some((row) => row.id !== own && row.id !== FAVOURITES && albumKey(row.name) === albumKey(name))) {
    throw new InvalidInputError(`name: There is already an album “${name}”.`, { option: 'name' });
  }
  return name;
}
