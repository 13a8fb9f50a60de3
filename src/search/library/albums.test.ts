/** @file Favourites and albums: what happens to them when files and indexes change, and what is refused. */
import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { InvalidInputError, UnsupportedError } from '../../errors';
import { memoryStorage } from '../../testing/memory-opfs';
import { describeAlbums, FAVOURITES, type AlbumWish } from './albums';
import { laterAlbums } from './albums-elsewhere';
import type { Addition } from './appends';
import { openBrowserStorage } from './browser-storage';
import { compact } from './compact';
import { deleteDatabase } from './database';
import { exportIndex } from './export';
import { listPictures } from './find';
import { importIndex } from './import';
import { Library } from './library';

const DIMS = 8;
const PLACES = ['albums', 'other'];
let opened: Library[];

beforeEach(() => {
  vi.stubGlobal('navigator', { storage: memoryStorage() });
  opened = [];
});
afterEach(async () => {
  for (const library of opened) await library.close();
  for (const place of PLACES) await deleteDatabase(place);
  vi.unstubAllGlobals();
});

async function open(place = 'albums', writable = true): Promise<Library> {
  const at = { place, name: 'photos', modelId: 'm', modelName: null, dims: DIMS };
  const library = await Library.open(at, await openBrowserStorage(place, () => undefined), writable);
  opened.push(library);
  return library;
}

async function reopen(library: Library): Promise<Library> {
  opened.splice(opened.indexOf(library), 1);
  await library.close();
  return open(library.place.place);
}

const hashOf = (id: number) => id.toString(16).padStart(64, '0');
const facts = { size: 1, modified: 1, taken: 1, dated: false, camera: null, place: null, width: 1, height: 1 };
const addition = (id: number, bytes = id): Addition => ({
  row: { id, folderId: 1, path: `${id}.jpg`, kind: 'picture', hash: hashOf(bytes), ...facts },
  vector: Float32Array.from({ length: DIMS }, (_, i) => Number(i === bytes % DIMS)),
  thumb: null,
});

async function filled(count = 5, place = 'albums'): Promise<Library> {
  const library = await open(place);
  const folders = { put: [{ id: 1, name: 'Photos', handle: null, found: count }] };
  await library.commit({ add: Array.from({ length: count }, (_, i) => addition(i + 1)), folders });
  return library;
}

const make = async (library: Library, name: string, ...ids: number[]) =>
  (await library.changeAlbums({ kind: 'create', name, ids })).id;
const change = (library: Library, id: number, add: number[], remove: number[] = []) =>
  library.changeAlbums({ kind: 'change', id, add, remove });
const inAlbum = ({ catalog }: Library, album: number) =>
  [...listPictures(catalog, { filter: { album } })].sort((a, b) => a - b);
const named = ({ catalog }: Library) =>
  Object.fromEntries(describeAlbums(catalog).map(({ name, pictures }) => [name, pictures]));

test('made, filled, renamed, emptied and deleted; all of it is still there after reopening', async () => {
  let library = await filled();
  expect(describeAlbums(library.catalog)).toEqual([{ id: FAVOURITES, name: '', created: 0, pictures: 0, contains: 0 }]);
  await change(library, FAVOURITES, [1, 3]);
  const rome = await make(library, ' Rome 10 ', 2, 2, 3);
  const bath = await make(library, 'Rome 9');
  await change(library, bath, [4, 5], [1]);
  library = await reopen(library);
  expect(
    describeAlbums(library.catalog, [2, 3]).map(({ name, pictures, contains }) => [name, pictures, contains]),
  ).toEqual([
    ['', 2, 1],
    ['Rome 9', 2, 0],
    ['Rome 10', 2, 2],
  ]);
  expect(inAlbum(library, rome)).toEqual([2, 3]);
  await library.changeAlbums({ kind: 'rename', id: bath, name: 'Bath' });
  await library.changeAlbums({ kind: 'rename', id: rome, name: 'ROME 10' }); // its own name does not count as taken
  await library.changeAlbums({ kind: 'delete', id: rome });
  await change(library, FAVOURITES, [], [1, 2]);
  library = await reopen(library);
  expect(named(library)).toEqual({ '': 1, Bath: 2 });
  expect(inAlbum(library, FAVOURITES)).toEqual([3]);
  expect(() => inAlbum(library, rome)).toThrow(InvalidInputError);
});

test('they filter searches, together with the other filters', async () => {
  const library = await filled();
  const id = await make(library, 'A', 1, 2, 4);
  expect(inAlbum(library, id)).toEqual([1, 2, 4]);
  expect([...listPictures(library.catalog, { filter: { album: id, folder: 'Photos/4.jpg' } })]).toEqual([4]);
  expect([...listPictures(library.catalog, { filter: { album: id, folder: 'Elsewhere' } })]).toEqual([]);
});

test('a file that is moved, forgotten and restored, copied or overwritten stays in its albums', async () => {
  let library = await filled();
  await change(library, FAVOURITES, [1, 2, 3]);
  // Forgotten with its folder, then indexed again under another number: recognised by its bytes.
  await library.commit({ remove: [1] });
  expect(inAlbum(library, FAVOURITES)).toEqual([2, 3]);
  await library.commit({ add: [addition(9, 1)] });
  expect(inAlbum(library, FAVOURITES)).toEqual([2, 3, 9]);
  // A copy is the same picture.
  await library.commit({ add: [addition(10, 2)] });
  expect(inAlbum(library, FAVOURITES)).toEqual([2, 3, 9, 10]);
  await change(library, FAVOURITES, [], [10]);
  expect(inAlbum(library, FAVOURITES)).toEqual([3, 9]);
  // Overwritten: the file stays in, and so do its old bytes under another name. No other file is added.
  await library.commit({ add: [addition(3, 33), addition(4, 44)] });
  await library.commit({ add: [addition(11, 3)] });
  expect(inAlbum(library, FAVOURITES)).toEqual([3, 9, 11]);
  library = await reopen(library);
  expect(inAlbum(library, FAVOURITES)).toEqual([3, 9, 11]);
  // Missing in a run that has not ended: hidden, but not lost.
  library.catalog.setMissing(9, true);
  expect(inAlbum(library, FAVOURITES)).toEqual([3, 11]);
  expect(named(library)).toEqual({ '': 2 });
});

test('compacting keeps them', async () => {
  let library = await filled();
  const id = await make(library, 'Kept', 4, 5);
  await library.commit({ remove: [1, 2] });
  await compact(library);
  expect(inAlbum(library, id)).toEqual([4, 5]);
  library = await reopen(library);
  expect(inAlbum(library, id)).toEqual([4, 5]);
  expect(library.meta.albumsChanged).toBeGreaterThan(0);
});

test('an export includes them; without any it can be read by earlier versions, and importing it removes none', async () => {
  const library = await filled();
  const versionOf = async (blob: Blob) => new DataView(await blob.arrayBuffer()).getUint32(8, true);
  const plain = await exportIndex(library);
  expect(await versionOf(plain)).toBe(1);
  const id = await make(library, 'Été ✨', 2, 3);
  await change(library, FAVOURITES, [5]);
  const blob = await exportIndex(library);
  expect(await versionOf(blob), 'an earlier reader would lose them without a word').toBe(3);

  let other = await open('other');
  await make(other, 'Mine');
  await importIndex(other, blob);
  expect(named(other)).toEqual({ '': 1, 'Été ✨': 2 });
  expect(inAlbum(other, id)).toEqual([2, 3]);
  await importIndex(other, plain);
  expect(inAlbum(other, id), 'the pictures are the same').toEqual([2, 3]);
  other = await reopen(other);
  expect(named(other)).toEqual({ '': 1, 'Été ✨': 2 });
});

test('the latest change in an index of the library counts in the others', async () => {
  const library = await filled();
  const other = await filled(3, 'other');
  expect(await laterAlbums(other.place, 0)).toBeNull();
  vi.setSystemTime(1000);
  await make(library, 'First', 1, 2);
  vi.setSystemTime(2000);
  await change(other, FAVOURITES, [3]);
  vi.useRealTimers();
  expect(await laterAlbums(other.place, other.meta.albumsChanged!)).toBeNull();
  const later = (await laterAlbums(library.place, library.meta.albumsChanged!))!;
  expect(later.changed).toBe(2000);
  await library.replaceAlbums(later.albums, later.changed);
  expect(named(library)).toEqual({ '': 1 });
  expect(inAlbum(library, FAVOURITES)).toEqual([3]);
  expect(await laterAlbums({ name: 'another library', place: 'x' }, 0)).toBeNull();
});

const refused: [string, AlbumWish][] = [
  ['no name', { kind: 'create', name: '', ids: [] }],
  ['spaces alone', { kind: 'create', name: ' \n ', ids: [] }],
  ['a name that is taken', { kind: 'create', name: 'taken', ids: [] }],
  ['the same in other signs', { kind: 'create', name: 'ＴＡＫＥＮ'.normalize('NFKC'), ids: [] }],
  ['a name in two ways of writing', { kind: 'create', name: 'Cafe\u0301', ids: [] }],
  ['a long name', { kind: 'create', name: 'x'.repeat(101), ids: [] }],
  ['a line break', { kind: 'create', name: 'a\nb', ids: [] }],
  ['signs that turn the text around', { kind: 'create', name: 'a\u202eb', ids: [] }],
  ['half a sign', { kind: 'create', name: 'a\ud800', ids: [] }],
  ['no text', { kind: 'create', name: 5 as unknown as string, ids: [] }],
  ['a picture that is not there', { kind: 'create', name: 'New', ids: [1, 99] }],
  ['one to be taken out', { kind: 'change', id: FAVOURITES, add: [1], remove: [99] }],
  ['an album that is not there', { kind: 'change', id: 7, add: [1], remove: [] }],
  ['renaming it', { kind: 'rename', id: 7, name: 'New' }],
  ['deleting it', { kind: 'delete', id: 7 }],
  ['renaming to a name that is taken', { kind: 'rename', id: 2, name: 'TAKEN' }],
  ['renaming the favourites', { kind: 'rename', id: FAVOURITES, name: 'New' }],
  ['deleting the favourites', { kind: 'delete', id: FAVOURITES }],
];

test('a refused change changes nothing', async () => {
  let library = await filled();
  await make(library, 'Taken', 1);
  await make(library, 'Café', 2);
  await change(library, FAVOURITES, [3]);
  for (const [what, wish] of refused) {
    await expect(library.changeAlbums(wish), what).rejects.toBeInstanceOf(InvalidInputError);
  }
  library = await reopen(library);
  expect(named(library)).toEqual({ '': 1, Taken: 1, Café: 1 });
});

test('another tab that only reads is told about changes, and cannot make any', async () => {
  const library = await filled();
  const reader = await open('albums', false);
  const { changes } = await library.changeAlbums({ kind: 'create', name: 'Seen', ids: [1] });
  const before = reader.albumRevision;
  reader.followAlbums(changes);
  expect(named(reader)).toEqual({ '': 0, Seen: 1 });
  expect(reader.albumRevision).toBe(before + 1);
  await change(library, FAVOURITES, [4]);
  const committed = await library.commit({ add: [addition(4, 44)] });
  reader.followAlbums({ put: library.catalog.albums.rows });
  await reader.follow(committed);
  expect(inAlbum(reader, FAVOURITES), 'with a file that was written over').toEqual([4]);
  await expect(change(reader, FAVOURITES, [2])).rejects.toBeInstanceOf(UnsupportedError);
});

test('an index of an earlier version opens, and that version does not open it afterwards', async () => {
  const before = await openDB('albums', 3, {
    upgrade(database, _from, _to, transaction) {
      database.createObjectStore('meta');
      for (const name of ['folders', 'files']) database.createObjectStore(name, { keyPath: 'id' });
      database.createObjectStore('attempts', { keyPath: 'key' });
      database.createObjectStore('layouts');
      transaction.objectStore('files').createIndex('kind', 'kind');
    },
  });
  before.close();
  const library = await filled();
  await make(library, 'New', 1);
  expect(named(library)).toEqual({ '': 0, New: 1 });
  await expect(openDB('albums', 3)).rejects.toThrow(/version/);
});
