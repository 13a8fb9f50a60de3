/** @file Vectors of a second model are never lost, mistaken for another's, or left behind. */
import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { memoryStorage } from '../../testing/memory-opfs';
import { scoresOf } from '../vectors';
import type { Addition } from './appends';
import { openBrowserStorage } from './browser-storage';
import { openArchive } from './archive';
import { openArchiveStorage } from './archive-storage';
import { compact } from './compact';
import { deleteDatabase } from './database';
import { exportIndex } from './export';
import { importIndex } from './import';
import { failureIn, layerKey, slotIn } from './layers';
import { Library } from './library';
import type { PictureRow } from './rows';

const DIMS = 8;
const DEEP = { modelId: 'deep', modelName: 'Deep', dims: 16 };
const at = (name: string) => ({ place: name, name: 'photos', modelId: 'm', modelName: null, dims: DIMS });
let opened: Library[];
let key: string;

beforeEach(async () => {
  vi.stubGlobal('navigator', { storage: memoryStorage() });
  opened = [];
  key = await layerKey('deep');
});
afterEach(async () => {
  for (const library of opened) await library.close();
  for (const name of ['layers', 'other']) await deleteDatabase(name);
  vi.unstubAllGlobals();
});

async function open(name = 'layers', writable = true): Promise<Library> {
  const library = await Library.open(at(name), await openBrowserStorage(name, () => undefined), writable);
  opened.push(library);
  return library;
}

async function reopen(library: Library): Promise<Library> {
  opened.splice(opened.indexOf(library), 1);
  await library.close();
  return open();
}

function unit(seed: number, dims: number): Float32Array {
  const vector = Float32Array.from({ length: dims }, (_, i) => Math.sin(seed * (i + 1) + i));
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

const hashOf = (id: number) => id.toString(16).padStart(64, '0');
const facts = { size: 1, modified: 1, taken: 1, dated: false, camera: null, place: null, width: 1, height: 1 };
const rowOf = (id: number) => ({
  ...{ id, folderId: 1, path: `${id}.jpg`, kind: 'picture' as const, hash: hashOf(id) },
  ...facts,
});
const picture = (id: number): Addition => ({
  row: rowOf(id),
  vector: unit(id, DIMS),
  thumb: { bytes: new Uint8Array(50).fill(id), type: 'image/webp' },
});
const deepened = (id: number) => ({ id, hash: hashOf(id), vector: unit(id + 1000, DEEP.dims) });

/** Pictures 1 to `count`, and deep vectors of some. */
async function filled(name = 'layers', count = 5, deep = [4, 2]): Promise<Library> {
  const library = await open(name);
  const folders = { put: [{ id: 1, name: 'Photos', handle: null, found: count }] };
  await library.commit({ add: Array.from({ length: count }, (_, i) => picture(i + 1)), folders });
  await library.attach(DEEP);
  await library.commit({ deep: deep.map(deepened) });
  return library;
}

/** By picture: how close its deep vector is to what that of a picture with this seed should be. */
function deepOf(library: Library, seed = (id: number) => id): Record<number, number> {
  const { shelf } = library.catalog.deep!;
  const found: Record<number, number> = {};
  for (const [row, item] of shelf.items.entries()) {
    if (item) found[item.id] = scoresOf(shelf.vectors, unit(seed(item.id) + 1000, DEEP.dims), [row])[0]!;
  }
  return found;
}

const own = (score: number) => expect(score).toBeGreaterThan(0.9999);
async function expectDeep(library: Library, ids: number[], seed?: (id: number) => number): Promise<void> {
  const found = deepOf(library, seed);
  expect(Object.keys(found).map(Number)).toEqual([...ids].sort((a, b) => a - b));
  for (const id of ids) own(found[id]!);
  expect(library.catalog.deepDone).toBe(ids.length);
}

async function fileNames(name = 'layers'): Promise<string[]> {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('vlm2vec-search');
  const names: string[] = [];
  for await (const each of (await root.getDirectoryHandle(name)).keys()) names.push(each);
  return names.sort();
}

test('deep vectors are there after reopening, in whatever order they came; the index’s own ones are unchanged', async () => {
  let library = await filled();
  await expectDeep(library, [2, 4]);
  library = await reopen(library);
  expect(library.catalog.deep).toBeNull();
  expect(await library.attach(DEEP)).toBe(false);
  await expectDeep(library, [2, 4]);
  await library.commit({ deep: [deepened(1)] });
  await expectDeep(library, [1, 2, 4]);
  const { vectors } = library.catalog;
  for (const row of library.catalog.files.values()) {
    own(scoresOf(vectors, unit(row.id, DIMS), [(row as PictureRow).slot])[0]!);
  }
});

test('an index of the previous version opens, keeps its vectors, and accepts a layer', async () => {
  let library = await open();
  await library.commit({
    add: [picture(1), picture(2)],
    folders: { put: [{ id: 1, name: 'P', handle: null, found: 2 }] },
  });
  const { layers: _layers, contentRevision: _content, ...meta } = library.meta;
  const files = [...library.catalog.files.values()];
  await library.close();
  opened = [];
  await deleteDatabase('layers');
  const old = await openDB('layers', 2, {
    upgrade(database) {
      for (const name of ['meta', 'layouts']) database.createObjectStore(name);
      database.createObjectStore('folders', { keyPath: 'id' });
      database.createObjectStore('files', { keyPath: 'id' }).createIndex('kind', 'kind');
      database.createObjectStore('attempts', { keyPath: 'key' });
    },
  });
  await old.put('meta', meta, 'index');
  await old.put('folders', { id: 1, name: 'P', handle: null, found: 2 });
  for (const { deep: _deep, ...row } of files as PictureRow[]) await old.put('files', row);
  old.close();
  library = await open();
  expect(library.catalog.pictures).toBe(2);
  own(scoresOf(library.catalog.vectors, unit(2, DIMS), [library.catalog.picture(2)!.slot])[0]!);
  expect(await library.attach(DEEP)).toBe(true);
  await library.commit({ deep: [deepened(2)] });
  await expectDeep(await (async () => (await (library = await reopen(library)).attach(DEEP), library))(), [2]);
});

test('bytes that a crash left are removed, and a row whose bytes are lost does not get those of the next picture', async () => {
  let library = await filled();
  await library.close();
  opened = [];
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('vlm2vec-search');
  const file = (await (await root.getDirectoryHandle('layers')).getFileHandle(`deep-${key}-1.bin`)) as unknown as {
    bytes: Uint8Array;
  };
  const record = 4 + 2 * DEEP.dims;
  expect(file.bytes).toHaveLength(1024 + 2 * record);
  file.bytes = Uint8Array.of(...file.bytes, ...new Uint8Array(record + 7).fill(9));
  library = await open();
  await library.attach(DEEP);
  await expectDeep(library, [2, 4]);
  expect(file.bytes).toHaveLength(1024 + 2 * record);
  await library.close();
  opened = [];
  file.bytes = file.bytes.slice(0, 1024 + record); // evicted in part: the vector of picture 2
  library = await open();
  await library.attach(DEEP);
  await expectDeep(library, [4]);
  await library.commit({ deep: [deepened(5)] });
  await expectDeep(await (async () => (await (library = await reopen(library)).attach(DEEP), library))(), [4, 5]);
});

test('a copy gets a copy, a moved picture keeps its vector, a changed one loses it, a removed one leaves no trace', async () => {
  let library = await filled();
  const like = library.catalog.picture(4)!;
  const stale = { ...rowOf(1), slot: 0, thumb: library.catalog.picture(1)!.thumb };
  await library.commit({ deep: [deepened(1)] });
  await library.commit({
    add: [
      { row: { ...rowOf(9), path: 'copy.jpg', hash: hashOf(4) }, like },
      { row: { ...stale, path: 'moved.jpg' } }, // as it was before it got its deep vector
      { ...picture(2), row: { ...rowOf(2), hash: hashOf(77) } } as Addition,
    ],
  });
  const seed = (id: number) => (id === 9 ? 4 : id);
  await expectDeep(library, [1, 4, 9], seed);
  await library.commit({ remove: [4] });
  await expectDeep(library, [1, 9], seed);
  library = await reopen(library);
  await library.attach(DEEP);
  await expectDeep(library, [1, 9], seed);
});

test('results that come too late, for a picture that is gone or has changed, are dropped', async () => {
  const library = await filled();
  await library.commit({ remove: [3] });
  await library.commit({ deep: [deepened(3), { ...deepened(5), hash: hashOf(6) }] });
  await expectDeep(library, [2, 4]);
});

test('the reason why the deep model failed with a picture is kept, and counted, until it is tried again', async () => {
  let library = await filled();
  await library.commit({ deep: [{ id: 1, hash: hashOf(1), reason: 'too long' }] });
  library = await reopen(library);
  await library.attach(DEEP);
  expect(failureIn(library.catalog.picture(1)!, key)).toBe('too long');
  expect([library.catalog.deepDone, library.catalog.deepFailed]).toEqual([2, 1]);
  await library.commit({ deep: [deepened(1)] });
  expect([library.catalog.deepDone, library.catalog.deepFailed]).toEqual([3, 0]);
});

test('a hidden picture does not count, and comes back with its vector', async () => {
  const { catalog } = await filled();
  catalog.setMissing(4, true);
  expect([catalog.deepDone, catalog.deep!.shelf.items.filter(Boolean).length]).toEqual([1, 1]);
  catalog.setMissing(4, false);
  expect([catalog.deepDone, catalog.deep!.shelf.items.filter(Boolean).length]).toEqual([2, 2]);
});

test('deep vectors change what can be found, but not what groups and maps are based on', async () => {
  const library = await filled();
  const before = [library.meta.revision, library.contentRevision];
  await library.commit({ deep: [deepened(1)] });
  expect([library.meta.revision, library.contentRevision]).toEqual([before[0]! + 1, before[1]!]);
});

test('reclaiming free places also moves deep vectors, of the model in use and of one that is not', async () => {
  let library = await filled('layers', 8, [8, 3, 5]);
  await library.attach({ ...DEEP, modelId: 'another', dims: 4 });
  await library.commit({ deep: [{ id: 5, hash: hashOf(5), vector: unit(5, 4) }] });
  await library.commit({ remove: [1, 2, 8] });
  await compact(library);
  const another = await layerKey('another');
  expect(library.catalog.deep?.key).toBe(another);
  expect(slotIn(library.catalog.picture(5)!, another)).toBe(0);
  expect(await fileNames()).toEqual(
    [`deep-${another}-2.bin`, `deep-${key}-2.bin`, 'thumbnails-2.bin', 'vectors-2.bin'].sort(),
  );
  library = await reopen(library);
  await library.attach(DEEP);
  await expectDeep(library, [3, 5]);
});

test('an export carries the vectors of all models; an index without a layer is exported as before', async () => {
  const library = await filled();
  await library.commit({ deep: [{ id: 1, hash: hashOf(1), reason: 'too long' }] });
  const blob = await exportIndex(library);
  expect(new DataView(await blob.slice(8, 12).arrayBuffer()).getUint32(0, true)).toBe(2);
  const other = await open('other');
  await importIndex(other, blob);
  expect(await other.attach(DEEP)).toBe(false);
  await expectDeep(other, [2, 4]);
  expect(other.catalog.deepFailed).toBe(1);
  await other.forgetLayer('deep');
  const plain = await exportIndex(other);
  expect(new DataView(await plain.slice(8, 12).arrayBuffer()).getUint32(0, true)).toBe(1);
  await importIndex(library, plain); // the layer in use stays, without vectors
  await expectDeep(library, []);
  await library.commit({ deep: [deepened(3)] });
  await expectDeep(library, [3]);
});

test('an export that is searched in place has the vectors of all models, and so has an export of it', async () => {
  const blob = await exportIndex(await filled());
  const storage = await openArchiveStorage(blob, 'file');
  const library = await Library.open(at('file'), storage, false);
  await library.attach(DEEP);
  await expectDeep(library, [2, 4]);
  const { header } = await openArchive(await exportIndex(library));
  const before = (await openArchive(blob)).header;
  expect(before.layers).toHaveLength(1);
  expect(header.layers).toEqual(before.layers);
  await library.close();
});

test('an export with invalid deep vectors changes nothing', async () => {
  const library = await filled();
  const bytes = new Uint8Array(await (await exportIndex(library)).arrayBuffer());
  const headerEnd = 16 + new DataView(bytes.buffer).getUint32(12, true);
  const before = JSON.stringify([...library.catalog.files.values()]);
  const flipped = bytes.slice();
  flipped[flipped.length - 1]! ^= 1;
  await expect(importIndex(library, new Blob([flipped]))).rejects.toThrow(/vectors of deep do not match their hash/);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(16, headerEnd))) as { layers: { key: string }[] };
  const withHeader = (change: (layers: { key: string }[]) => void) => {
    const changed = structuredClone(header);
    change(changed.layers);
    const text = new TextEncoder().encode(JSON.stringify(changed));
    const prefix = bytes.slice(0, 16);
    new DataView(prefix.buffer).setUint32(12, text.length, true);
    return new Blob([prefix, text, bytes.slice(headerEnd)]);
  };
  await expect(
    importIndex(
      library,
      withHeader(([layer]) => (layer!.key = '../../../etc')),
    ),
  ).rejects.toThrow(/not the key/);
  await expect(
    importIndex(
      library,
      withHeader(([layer]) => (layer!.key = '0'.repeat(16))),
    ),
  ).rejects.toThrow(/does not belong to the model/);
  await expect(
    importIndex(
      library,
      withHeader((layers) => layers.push(layers[0]!)),
    ),
  ).rejects.toThrow(/twice/);
  expect(JSON.stringify([...library.catalog.files.values()])).toBe(before);
  await expectDeep(library, [2, 4]);
});

test('a model is forgotten with its file, and nothing else', async () => {
  let library = await filled();
  expect(await library.forgetLayer('no such model')).toBe(false);
  expect(await library.forgetLayer('deep')).toBe(true);
  expect(library.catalog.deep).toBeNull();
  expect(await fileNames()).toEqual(['thumbnails-1.bin', 'vectors-1.bin']);
  library = await reopen(library);
  expect([...library.catalog.files.values()].filter((row) => 'deep' in row)).toEqual([]);
  expect(library.catalog.pictures).toBe(5);
  expect(await library.attach(DEEP)).toBe(true);
});

test('another tab follows, and sees each deep vector as its own', async () => {
  const library = await filled();
  const reader = await open('layers', false);
  expect(await reader.attach(DEEP)).toBe(false);
  await expectDeep(reader, [2, 4]);
  expect(await reader.follow(await library.commit({ deep: [deepened(5)] }))).toBe(true);
  await expectDeep(reader, [2, 4, 5]);
  await library.commit({ deep: [deepened(1)] });
  expect(await reader.follow(await library.commit({ deep: [deepened(3)] }))).toBe(false); // a message was missed
  await expect(reader.commit({ deep: [deepened(3)] })).rejects.toThrow(/Another tab/);
});

test("the index's own model cannot be a deep model, and the length of a model's vectors cannot change", async () => {
  const library = await filled();
  await expect(library.attach({ ...DEEP, modelId: 'm' })).rejects.toThrow(/own model/);
  await expect(library.attach({ ...DEEP, dims: 4 })).rejects.toThrow(/4 dimensions/);
});
