/** @file Favourites and albums of an index in a folder: imported from an exported file, and exported again. */
import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { IndexFormatError } from '../../errors';
import { countingEmbedder, smallBmp, writePictures } from '../../testing/small-pictures';
import { describeAlbums, FAVOURITES } from '../library/albums';
import { openArchive } from '../library/archive';
import { exportIndex } from '../library/export';
import { listPictures } from '../library/find';
import { DiskFile } from './disk-file.node.js';
import { exportToFile } from './export-file.node.js';
import { FolderIndexer } from './folder-indexer.node.js';
import { openIndex } from './open-index.node.js';

let work: string;
let photos: string;
let out: string;
beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'albums-'));
  photos = path.join(work, 'Photos');
  out = path.join(work, 'index');
  await writePictures(photos, Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`${i}.bmp`, smallBmp(i)])));
});
afterEach(() => rm(work, { recursive: true }));

const open = (folder = out) => FolderIndexer.open(folder, { embedder: countingEmbedder(), model: 'm' });

/** Paths of the pictures, by album name. */
async function albumsAt(place: string): Promise<Record<string, string[]>> {
  const { library } = await openIndex(place);
  const { catalog } = library;
  const found = describeAlbums(catalog).map(({ id, name }) => {
    const ids = listPictures(catalog, { filter: { album: id }, order: 'path' });
    return [name, Array.from(ids, (each) => catalog.picture(each)!.path)] as const;
  });
  await library.close();
  return Object.fromEntries(found);
}

async function manifest(folder = out): Promise<{ version: number; rows: { path: string; sha256: string } }> {
  return JSON.parse(await readFile(path.join(folder, 'index.json'), 'utf8')) as Awaited<ReturnType<typeof manifest>>;
}

/** Pictures 0 and 2 are favourites, 1 is in an album. */
async function filled(): Promise<void> {
  const indexer = await open();
  await indexer.add(photos);
  await indexer.run();
  const idOf = (name: string) => indexer.library.catalog.at(1, name)!.id;
  await indexer.library.changeAlbums({
    ...{ kind: 'change', id: FAVOURITES, add: [idOf('0.bmp'), idOf('2.bmp')], remove: [] },
  });
  await indexer.library.changeAlbums({ kind: 'create', name: 'Rome', ids: [idOf('1.bmp')] });
  await indexer.close();
}

const FILLED = { '': ['0.bmp', '2.bmp'], Rome: ['1.bmp'] };

test('they are kept, exported to a file, read directly from it, and imported; an earlier program is kept out', async () => {
  const plain = await open();
  await plain.add(photos);
  await plain.run();
  await plain.close();
  expect((await manifest()).version, 'without any: as before').toBe(1);
  await filled();
  expect(await albumsAt(out)).toEqual(FILLED);
  expect((await manifest()).version).toBe(2);

  const file = path.join(work, 'photos.bin');
  const { library } = await openIndex(out);
  await exportToFile(library, file);
  await library.close();
  expect(await albumsAt(file)).toEqual(FILLED);
  const elsewhere = path.join(work, 'elsewhere');
  const importing = await open(elsewhere);
  await importing.import(new DiskFile(file, { size: (await readFile(file)).length, modified: 0 }));
  await importing.close();
  expect(await albumsAt(elsewhere)).toEqual(FILLED);
  expect((await manifest(elsewhere)).version).toBe(2);
});

test('indexing again follows files that were moved or overwritten, even after the process was killed', async () => {
  await filled();
  await writePictures(photos, { 'moved/two.bmp': smallBmp(2) });
  await rm(path.join(photos, '2.bmp'));
  await appendFile(path.join(photos, '1.bmp'), 'edited');
  const indexer = await open();
  await indexer.run();
  const expected = { '': ['0.bmp', 'moved/two.bmp'], Rome: ['1.bmp'] };
  expect(await albumsAt(out), 'rows, and the journal of a process that has not ended').toEqual(expected);
  await indexer.close();
  expect(await albumsAt(out)).toEqual(expected);
  const { library } = await openIndex(out);
  const { sections } = await openArchive(await exportIndex(library));
  const { albums } = JSON.parse(await sections.rows.text()) as { albums: { pictures: string[] }[] };
  expect(
    albums.map(({ pictures }) => pictures.length),
    'the bytes before are known, should they come back',
  ).toEqual([2, 2]);
  await library.close();
});

test('rows and journals with invalid albums are refused by name', async () => {
  await filled();
  const { rows } = await manifest();
  const text = await readFile(path.join(out, rows.path), 'utf8');
  const change = async (from: string, to: string) => {
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    await writeFile(path.join(out, rows.path), changed);
    const whole = await readFile(path.join(out, 'index.json'), 'utf8');
    const { sha256 } = (await manifest()).rows;
    await writeFile(
      path.join(out, 'index.json'),
      whole.replace(sha256, createHash('sha256').update(changed).digest('hex')),
    );
  };
  await change('"Rome"', '"Ro\\u0000me"');
  await expect(albumsAt(out)).rejects.toThrow(/albums\[1\]\.name: It contains invisible characters/);
  await change('"Rome"', '"Roma"');
  expect(Object.keys(await albumsAt(out))).toEqual(['', 'Roma']);
  const journal = (await readdir(path.join(out, 'local'))).find((name) => name.startsWith('journal-'))!;
  const entry = { kind: 'changes', changes: { albums: { put: [{ id: 1, name: '', created: 0, pictures: [] }] } } };
  await appendFile(path.join(out, 'local', journal), sealed(entry));
  await expect(albumsAt(out)).rejects.toBeInstanceOf(IndexFormatError);
});

/** A line of a journal: see `journal.node.ts`. */
function sealed(entry: unknown): string {
  const text = JSON.stringify(entry);
  return `${createHash('sha256').update(text).digest('hex').slice(0, 16)} ${text}\n`;
}
