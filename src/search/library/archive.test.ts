import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonField } from '../../bundle/json-field';
import { IndexFormatError, VLM2VecError } from '../../errors';
import { archiveBlob, openArchive, readSection, SectionWriter, SECTIONS } from './archive';
import { readRows } from './import-rows';

async function section(name: (typeof SECTIONS)[number], ...parts: string[]) {
  const writer = await SectionWriter.create();
  for (const part of parts) writer.write(new TextEncoder().encode(part));
  return writer.finish(name);
}

async function archive(): Promise<Blob> {
  return archiveBlob(
    { modelId: 'm', modelName: 'M', dims: 8 },
    {
      rows: await section('rows', '{}'),
      vectors: await section('vectors', 'abc', 'def'),
      thumbnails: await section('thumbnails'),
    },
  );
}

async function readAll(blob: Blob): Promise<string[]> {
  const opened = await openArchive(blob);
  const texts: string[] = [];
  for (const name of SECTIONS) {
    let text = '';
    for await (const bytes of readSection(opened, name)) text += new TextDecoder().decode(bytes);
    texts.push(text);
  }
  return texts;
}

test('what was written is read', async () => {
  const { header } = await openArchive(await archive());
  expect(header).toMatchObject({
    modelId: 'm',
    modelName: 'M',
    dims: 8,
    sections: { rows: { bytes: 2 }, vectors: { bytes: 6 }, thumbnails: { bytes: 0 } },
  });
  expect(await readAll(await archive())).toEqual(['{}', 'abcdef', '']);
});

test('no other bytes are read as if they were valid, and the error has a name', async () => {
  const sound = new Uint8Array(await (await archive()).arrayBuffer());
  const dateAt = new TextDecoder('latin1').decode(sound).indexOf('"created":"') + 11;
  const change = fc.record({ at: fc.nat(sound.length - 1), to: fc.nat(255), cut: fc.option(fc.nat(sound.length - 1)) });
  await fc.assert(
    fc.asyncProperty(change, async ({ at, to, cut }) => {
      const bytes = sound.slice(0, cut ?? sound.length);
      // The date and the model's names are not covered by any hash; whoever imports compares the name.
      fc.pre(at < bytes.length && bytes[at] !== to && !(at >= dateAt && at < dateAt + 24));
      bytes[at] = to;
      const outcome = await readAll(new Blob([bytes])).catch((error: unknown) => error);
      if (outcome instanceof VLM2VecError) return;
      const { header } = await openArchive(new Blob([bytes]));
      expect(outcome).toEqual(['{}', 'abcdef', '']);
      expect([header.modelId, header.modelName, header.dims]).not.toEqual(['m', 'M', 8]);
    }),
    { numRuns: 500 },
  );
});

const root = (value: unknown) => new JsonField(value, (at, what) => new IndexFormatError(`${at}: ${what}`));
const extent = { slots: 2, thumbnails: 100 };
const picture = {
  id: 1,
  folderId: 1,
  path: 'a/b.jpg',
  size: 10,
  modified: 1.5,
  kind: 'picture',
  slot: 0,
  thumb: { at: 0, bytes: 100, type: 'image/webp' },
  taken: -5,
  dated: true,
  camera: null,
  place: { latitude: 1, longitude: 2 },
  width: 3,
  height: 4,
  hash: 'ab'.repeat(32),
};
const folder = { id: 1, name: 'Photos', found: null };

test('valid rows', () => {
  const problem = { id: 2, folderId: 1, path: 'c.png', size: 0, modified: 0, kind: 'skipped', reason: 'no' };
  const { folders, files } = readRows(root({ folders: [folder], files: [picture, problem] }), extent);
  expect(folders).toEqual([{ ...folder, handle: null }]);
  expect(files).toEqual([picture, problem]);
  const words = { title: 'A boat', keywords: ['sea', 'boat'], places: ['Bergen'] };
  expect(readRows(root({ folders: [folder], files: [{ ...picture, words }] }), extent).files).toEqual([
    { ...picture, words },
  ]);
});

test('unknown keys are dropped', () => {
  const { files } = readRows(root({ folders: [folder], files: [{ ...picture, handle: {}, extra: 1 }] }), extent);
  expect(files).toEqual([picture]);
});

test.each([
  ['slot', 2],
  ['slot', -1],
  ['slot', 0.5],
  ['thumb', { at: 1, bytes: 100, type: 'image/webp' }],
  ['thumb', { at: 0, bytes: 10, type: 'text/html' }],
  ['path', '../b.jpg'],
  ['path', '/etc/passwd'],
  ['path', 'a//b'],
  ['path', 'a\0b'],
  ['path', ''],
  ['folderId', 2],
  ['hash', 'AB'.repeat(32)],
  ['dated', 'true'],
  ['camera', 5],
  ['place', { latitude: 91, longitude: 0 }],
  ['words', 'sea'],
  ['words', { keywords: ['a', 5] }],
  ['words', { caption: 'x'.repeat(1e5) }],
  ['words', { keywords: Array(1000).fill('a') }],
  ['taken', 1e300],
  ['width', 2 ** 31],
  ['height', 2 ** 30],
  ['kind', 'constructor'],
  ['id', 0],
])('a picture whose %s is %j is refused', (key, value) => {
  expect(() => readRows(root({ folders: [folder], files: [{ ...picture, [key]: value }] }), extent)).toThrow(
    IndexFormatError,
  );
});

test('nothing may occur twice', () => {
  const twins = (change: object) => root({ folders: [folder], files: [picture, { ...picture, ...change }] });
  const other = { id: 2, path: 'other.jpg', slot: 1 };
  expect(readRows(twins(other), extent).files).toHaveLength(2);
  expect(() => readRows(twins({ ...other, id: 1 }), extent)).toThrow(/twice/);
  expect(() => readRows(twins({ ...other, path: 'a/b.jpg' }), extent)).toThrow(/twice/);
  expect(() => readRows(twins({ ...other, slot: 0 }), extent)).toThrow(/twice/);
  expect(() => readRows(root({ folders: [folder, folder], files: [] }), extent)).toThrow(IndexFormatError);
});

const hashes = ['ab'.repeat(32), 'cd'.repeat(32)];
const album = { id: 3, name: 'Rome', created: 5, pictures: hashes };
const withAlbums = (...albums: unknown[]) => readRows(root({ folders: [folder], files: [picture], albums }), extent);

test('favourites and albums, even with pictures that are not in the index', () => {
  const favourites = { id: 0, name: '', created: 0, pictures: [] };
  expect(withAlbums({ ...album, extra: 1 }, favourites).albums).toEqual([album, favourites]);
});

test.each([
  ['id', -1],
  ['id', 1.5],
  ['id', 0],
  ['name', ''],
  ['name', ' Rome'],
  ['name', 'a\u202eb'],
  ['name', 'x'.repeat(101)],
  ['name', null],
  ['created', -1],
  ['created', '5'],
  ['pictures', 'ab'.repeat(32)],
  ['pictures', [hashes[0], hashes[0]]],
  ['pictures', ['AB'.repeat(32)]],
  ['pictures', [1]],
  ['pictures', undefined],
])('an album whose %s is %j is refused', (key, value) => {
  expect(() => withAlbums({ ...album, [key]: value })).toThrow(IndexFormatError);
});

test('no two albums share a number or a name, and albums are a list', () => {
  expect(withAlbums(album, { ...album, id: 4, name: 'Bath' }).albums).toHaveLength(2);
  expect(() => withAlbums(album, { ...album, name: 'Bath' })).toThrow(/number or name/);
  expect(() => withAlbums(album, { ...album, id: 4, name: 'ROME' })).toThrow(/number or name/);
  expect(() => readRows(root({ folders: [], files: [], albums: null }), extent)).toThrow(IndexFormatError);
});
