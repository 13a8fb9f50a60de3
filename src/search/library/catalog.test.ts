import { beforeEach, expect, test } from 'vitest';
import { PackedVectors } from '../vectors';
import { Catalog } from './catalog';
import { reuse } from '../indexing/reuse';
import type { FolderRow, PictureRow } from './rows';
import { walkFiles } from '../indexing/walk';

const folders: FolderRow[] = [{ id: 1, name: 'Photos', handle: null, found: null }];
let catalog: Catalog;

function row(id: number, change: Partial<PictureRow> = {}): PictureRow {
  return {
    id,
    folderId: 1,
    path: `${id}.jpg`,
    size: 10,
    modified: 1000,
    kind: 'picture',
    slot: id - 1,
    thumb: { at: 0, bytes: 1, type: 'image/webp' },
    taken: 0,
    dated: true,
    camera: null,
    place: null,
    width: 1,
    height: 1,
    hash: `hash ${id}`,
    ...change,
  };
}

beforeEach(() => {
  const vectors = new PackedVectors({ dims: 2, model: 'm' });
  for (let i = 0; i < 6; i++) vectors.add([1, i]);
  catalog = new Catalog(vectors, folders, [row(1), row(2), row(3)]);
});

const file = (path: string, modified = 2000) => ({
  folderId: 1,
  path,
  key: `1\0${path}`,
  file: new File(['0123456789'], path, { lastModified: modified }),
  unreadable: false,
});

test('rows are found by place, and their pictures have the folder in their path', () => {
  expect(catalog.at(1, '2.jpg')?.id).toBe(2);
  expect(catalog.at(2, '2.jpg')).toBeUndefined();
  expect(catalog.itemOf(catalog.picture(2)!)).toMatchObject({ path: 'Photos/2.jpg', name: '2.jpg' });
  expect([catalog.pictures, catalog.picturesIn(1), catalog.problems]).toEqual([3, 3, 0]);
});

test('a replaced row frees its vector, unless it keeps it', () => {
  catalog.put(row(2, { path: 'moved.jpg' }));
  expect(catalog.vectors.has(1)).toBe(true);
  expect([catalog.at(1, '2.jpg'), catalog.at(1, 'moved.jpg')?.id]).toEqual([undefined, 2]);
  catalog.put(row(2, { slot: 3 }));
  expect(catalog.vectors.has(1)).toBe(false);
  expect(catalog.rows.map((item) => item?.id ?? 0)).toEqual([1, 0, 3, 2, 0, 0]);
  expect(catalog.pictures).toBe(3);
});

test('a missing picture is found only by its content', () => {
  catalog.setMissing(2, true);
  catalog.setMissing(2, true);
  expect([catalog.pictures, catalog.problems, catalog.picture(2)]).toEqual([2, 0, undefined]);
  expect(catalog.rows[1]).toBeNull();
  expect(catalog.withHash('hash 2').map(({ id }) => id)).toEqual([2]);
  catalog.setMissing(2, false);
  expect([catalog.pictures, catalog.rows[1]?.id]).toEqual([3, 2]);
  catalog.setMissing(2, true);
  catalog.remove(2);
  expect([catalog.pictures, catalog.missing, catalog.withHash('hash 2'), catalog.vectors.has(1)]).toEqual([
    2,
    [],
    [],
    false,
  ]);
});

test('a number is never used twice', () => {
  catalog.remove(3);
  expect(catalog.nextId()).toBe(4);
});

test('unknown bytes are not reused', () => {
  expect(reuse(file('new.jpg'), 'another hash', catalog, new Set())).toBeNull();
});

test('touched: the row gets the new time', () => {
  const { addition, replaces } = reuse(file('2.jpg'), 'hash 2', catalog, new Set())!;
  expect(addition.row).toEqual(row(2, { modified: 2000 }));
  expect(replaces).toBeUndefined();
});

test('moved: the missing row gets the new place, once; the next one is a copy', () => {
  catalog.setMissing(2, true);
  const claimed = new Set<number>();
  const first = reuse(file('a/b.jpg'), 'hash 2', catalog, claimed)!;
  expect(first.addition.row).toEqual(row(2, { path: 'a/b.jpg', modified: 2000 }));
  const second = reuse(file('c.jpg'), 'hash 2', catalog, claimed)!;
  expect(second.addition).toMatchObject({ row: { id: 4, path: 'c.jpg' }, like: { id: 2 } });
});

test('moved over another picture: that one is removed', () => {
  catalog.setMissing(2, true);
  expect(reuse(file('3.jpg'), 'hash 2', catalog, new Set())).toMatchObject({
    addition: { row: { id: 2 } },
    replaces: 3,
  });
});

test('the walk covers all pictures except hidden ones, and raw ones beside their JPEG', () => {
  const names = ['a.JPG', 'a.cr2', 'b.nef', 'c.txt', '.d.png', '@eaDir/a.jpg', 'e/f.heic', 'e/f.tiff', 'g', 'h.mov'];
  names.push('i.mpo', 'i.apng', 'a.svg', 'j.ico', 'j.jp2', 'j.tga', 'j.pcx', 'j.dib', 'j.jxl', 'j.PSD', 'jpg', 'k.');
  const found = [...walkFiles(names.map((path) => ({ path, file: new File([], path) })))];
  expect(found.map(({ path, unreadable }) => [path, unreadable])).toEqual([
    ['a.JPG', false],
    ['b.nef', true],
    ['e/f.heic', false],
    ['e/f.tiff', true],
    ['i.mpo', false],
    ['i.apng', false],
    ...['a.svg', 'j.ico', 'j.jp2', 'j.tga', 'j.pcx', 'j.dib', 'j.jxl', 'j.PSD'].map((name) => [name, true]),
  ]);
});
