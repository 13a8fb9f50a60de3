import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  DisposedError,
  IndexFormatError,
  IntegrityError,
  InvalidInputError,
  SourceNotFoundError,
  UnsupportedError,
  VLM2VecError,
} from '../../errors';
import { fileHost, type FileHost } from '../../testing/file-host';
import { aboutNormal } from '../../testing/random';
import { smallBmp, writePictures } from '../../testing/small-pictures';
import { find } from '../library/find';
import type { FolderManifest } from '../library/folder-manifest';
import type { Library } from '../library/library';
import { FolderIndexer } from '../node/folder-indexer.node.js';
import { openIndex } from '../node/open-index.node.js';
import type { PhotoEmbedder } from '../types';
import { openStaticIndex } from './open-static-index';

const PICTURES = 500;
const BASE = 'https://example.org/some/path/index/';

/** Vectors around a few centres, as a model's are, different for each picture. */
function embedderOf(dims: number): PhotoEmbedder {
  const centres = Array.from({ length: 12 }, (_, i) => aboutNormal(dims, i + 1));
  const vectorOf = (seed: number) => {
    const noise = aboutNormal(dims, 1000 + seed);
    const vector = centres[seed % centres.length]!.map((value, i) => value + 1.5 * noise[i]!);
    const length = Math.hypot(...vector);
    return Float32Array.from(vector, (value) => value / length);
  };
  return {
    ...{ id: `fake-${dims}`, name: `Fake ${dims}`, dims },
    embed: async (inputs) =>
      Promise.all(
        inputs.map(async ({ text, image }) => {
          if (text !== undefined) return vectorOf(text.length * 7919);
          return vectorOf(new DataView(await (image as Blob).arrayBuffer()).getUint32(54, true));
        }),
      ),
  };
}

let work: string;
let out: string;
let library: Library;
let host: FileHost;
const embedder = embedderOf(192);

async function makeIndex(name: string, model: PhotoEmbedder, pictures: number): Promise<string> {
  const photos = path.join(work, `Photos ${name}`);
  await mkdir(photos);
  await writePictures(
    photos,
    Object.fromEntries(Array.from({ length: pictures }, (_, i) => [`${i % 5}/IMG_${20_000 + i}.bmp`, smallBmp(i)])),
  );
  const to = path.join(work, name);
  const indexer = await FolderIndexer.open(to, { embedder: model, model: 'm' });
  await indexer.add(photos);
  await indexer.run();
  await indexer.close();
  return to;
}

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'static-index-'));
  out = await makeIndex('small', embedder, PICTURES);
  ({ library } = await openIndex(out));
}, 120_000);
afterAll(async () => {
  await library.close();
  await rm(work, { recursive: true });
});
beforeEach(() => {
  host = fileHost(out, BASE);
  for (const name of host.files.keys()) if (name.startsWith('local/')) host.files.delete(name);
});

const open = (options: Parameters<typeof openStaticIndex>[1] = {}) =>
  openStaticIndex(BASE, { fetch: host.fetch, embedder, ...options });

/** What a search over the whole index, in memory, finds. */
async function expected(text: string, limit: number) {
  const [vector] = await embedder.embed([{ text }], {});
  return find(library.catalog, { include: [{ vector: vector! }], exclude: [], omit: [], limit });
}

/** Changes what the manifest says. */
function tamper(change: (manifest: FolderManifest & { version: number }) => void): void {
  const manifest = JSON.parse(new TextDecoder().decode(host.files.get('index.json'))) as Parameters<typeof change>[0];
  change(manifest);
  host.files.set('index.json', new TextEncoder().encode(JSON.stringify(manifest)));
}
function withoutPacked(): void {
  host.files.delete(named(PACKED));
  tamper(({ rows }) => delete rows.packed);
}
const ROWS = /^rows-\d+\.json$/;
const PACKED = /^rows-\d+\.bin$/;
const named = (pattern: RegExp) => [...host.files.keys()].find((name) => pattern.test(name))!;

test.each<[ranges: boolean, packed: boolean]>([
  [true, true],
  [false, true],
  [true, false], // as earlier versions wrote it
])('finds what the whole index would, to the last bit; ranges: %s, packed rows: %s', async (ranges, packed) => {
  host.ranges = ranges;
  if (!packed) withoutPacked();
  const index = await open();
  expect(index.info).toMatchObject({
    url: BASE,
    pictures: PICTURES,
    model: { id: 'fake-192', name: 'Fake 192', dims: 192 },
  });
  for (const text of ['a', 'a dog', 'a dog in the snow']) {
    for (const limit of [1, 24, 600]) {
      const { milliseconds, ...found } = await index.search({ text, limit });
      expect(milliseconds.embed).toBeGreaterThanOrEqual(0);
      expect(found).toEqual(await expected(text, limit));
    }
  }
});

test('the first query reads less than 500 kB at 500 pictures, which leaves 500 kB for a screen of thumbnails', async () => {
  const index = await open();
  await index.search({ text: 'a dog in the snow', limit: 24 });
  const sent = host.asked.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(index.bytesRead).toBe(sent);
  expect(sent).toBeLessThan(5e5);
  expect(sent).toBeGreaterThan(2e5);
  await index.search({ text: 'another', limit: 24 });
  expect(host.asked.filter(({ path: each }) => /rows|coarse|index\.json/.test(each))).toHaveLength(3);
  expect(host.asked.filter(({ path: each }) => ROWS.test(each))).toEqual([]);
});

test('with 1,536 dimensions the first query reads less than 900 kB, and the fine halves of few vectors', async () => {
  const large = embedderOf(1536);
  host = fileHost(await makeIndex('large', large, PICTURES), BASE);
  const index = await openStaticIndex(BASE, { fetch: host.fetch, embedder: large });
  const { hits } = await index.search({ text: 'a dog', limit: 24 });
  const fine = host.asked.filter(({ path: each }) => each.includes('fine')).reduce((sum, { bytes }) => sum + bytes, 0);
  const whole = (await openIndex(path.join(work, 'large'))).library;
  const [vector] = await large.embed([{ text: 'a dog' }], {});
  expect(hits).toEqual(find(whole.catalog, { include: [{ vector: vector! }], exclude: [], omit: [], limit: 24 }).hits);
  await whole.close();
  expect(fine).toBeLessThan(index.info.bytes.fine / 4);
  const sent = host.asked.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(index.bytesRead).toBe(sent);
  expect(sent).toBeLessThan(9e5);
}, 120_000);

test('"more like this" needs no model; words do, and are refused before anything is read for them', async () => {
  const index = await open({ embedder: undefined });
  const [first] = await index.list();
  const { hits } = await index.search({ image: { id: first! }, limit: 5 });
  const query = { include: [{ id: first! }], exclude: [], omit: [first!], limit: 5 };
  expect(hits).toEqual(find(library.catalog, query).hits);
  expect(hits.map(({ id }) => id)).not.toContain(first);
  await expect(index.search({ text: 'a dog' })).rejects.toThrow(/Fake 192.*open the index with it/);
  await expect(index.search({ text: 'a dog' })).rejects.toThrow(UnsupportedError);
  await expect((await open()).search({ text: 'at night', image: { id: first! } })).rejects.toThrow(SourceNotFoundError);
  await expect(index.search({ image: { id: 10_000 } })).rejects.toThrow(InvalidInputError);
  await expect(index.search({})).rejects.toThrow(InvalidInputError);
});

test('lists, items, facets, filters, and pictures that are not in the index', async () => {
  const index = await open();
  const ids = await index.list({ order: 'path' });
  expect(ids).toHaveLength(PICTURES);
  const [item, none] = await index.items([ids[0]!, 9999]);
  expect(item).toEqual(library.catalog.itemOf(library.catalog.picture(ids[0]!)!));
  expect(none).toBeNull();
  expect((await index.facets()).folders.map(({ count }) => count)).toEqual([500, 100, 100, 100, 100, 100]);
  const { hits, candidates } = await index.search({ text: 'a dog', filter: { folder: 'Photos small/3' } });
  expect([hits.length, candidates]).toEqual([100, 100]);
  const blob = await index.thumbnail(ids[7]!);
  const { bytes, type } = await library.readThumbnail(library.catalog.picture(ids[7]!)!);
  expect(blob.type).toBe(type);
  expect(new Uint8Array(await blob.arrayBuffer())).toEqual(bytes);
});

test('the model is loaded once, with the first words, and a different one is refused', async () => {
  let loads = 0;
  const index = await open({ embedder: async () => (loads++, embedder) });
  await index.prepare();
  await index.search({ image: { id: (await index.list())[0]! } });
  expect(loads).toBe(0);
  await Promise.all([index.search({ text: 'a' }), index.search({ text: 'b' })]);
  expect(loads).toBe(1);
  const failing = await open({
    embedder: () => (++loads === 2 ? Promise.reject(new Error('no')) : Promise.resolve(embedder)),
  });
  await expect(failing.search({ text: 'a' })).rejects.toThrow('no');
  expect((await failing.search({ text: 'a' })).hits.length).toBeGreaterThan(0);
  for (const other of [embedderOf(64), { ...embedder, id: 'other' }]) {
    await expect((await open({ embedder: other })).search({ text: 'a' })).rejects.toThrow(UnsupportedError);
  }
});

test('progress, aborting one of two callers, and closing', async () => {
  const index = await open();
  const told: number[] = [];
  await index.prepare({ onProgress: ({ loaded }) => told.push(loaded) });
  expect(told.at(-1)).toBe(index.info.bytes.search);

  const slow = await open({
    fetch: (...request) => new Promise((resolve) => setTimeout(resolve, 30)).then(() => host.fetch(...request)),
  });
  const controller = new AbortController();
  const aborted = slow.list({ signal: controller.signal });
  const other = slow.list();
  controller.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  expect(await other).toHaveLength(PICTURES);
  const ending = slow.thumbnail((await other)[0]!);
  slow.close();
  await expect(ending).rejects.toThrow(DisposedError);
  await expect(slow.search({ text: 'a' })).rejects.toThrow(DisposedError);
});

test('republished meanwhile: the new one is used, if its manifest is complete', async () => {
  const index = await open();
  const rows = named(PACKED);
  const number = Number(/\d+/.exec(rows)![0]);
  host.files.set(`rows-${number + 1}.bin`, host.files.get(rows)!);
  host.files.delete(rows);
  await expect(index.list()).rejects.toThrow(SourceNotFoundError);
  tamper((manifest) => {
    manifest.snapshot = number + 1;
    manifest.rows.packed!.path = `rows-${number + 1}.bin`;
  });
  expect(await index.list()).toHaveLength(PICTURES);
});

test('files may have grown since', async () => {
  for (const pattern of [/coarse/, /fine/, /thumbnails/]) {
    const bytes = host.files.get(named(pattern))!;
    host.files.set(named(pattern), Buffer.concat([bytes, Buffer.alloc(1000, 1)]));
  }
  for (const ranges of [true, false]) {
    host.ranges = ranges;
    const index = await open();
    const { hits } = await index.search({ text: 'a', limit: 9 });
    expect(hits).toEqual((await expected('a', 9)).hits);
    await index.thumbnail(hits[0]!.id);
  }
});

const cut = (pattern: RegExp) => () => host.files.set(named(pattern), host.files.get(named(pattern))!.slice(0, -5));
const flip = (pattern: RegExp, at: number) => () => {
  const bytes = host.files.get(named(pattern))!.slice();
  bytes[at]! ^= 0x40;
  host.files.set(named(pattern), bytes);
};

/** What the file of compressed rows inflates to. */
function pack(content: Uint8Array): void {
  const packed = new Uint8Array(deflateSync(content));
  host.files.set(named(PACKED), packed);
  tamper(({ rows }) => (rows.packed!.bytes = packed.length));
}

/** Rows that match their hash, with something in them changed. */
type WrittenRows = { files: { slot: number; folderId: number; thumb: { type: string } }[] };
const forge = (change: (rows: WrittenRows) => void) => () => {
  const rows = JSON.parse(new TextDecoder().decode(host.files.get(named(ROWS)))) as WrittenRows;
  change(rows);
  const bytes = new TextEncoder().encode(JSON.stringify(rows));
  pack(bytes);
  tamper((manifest) => {
    manifest.rows.bytes = bytes.length;
    manifest.rows.sha256 = createHash('sha256').update(bytes).digest('hex');
  });
};

test.each<[what: string, spoil: () => void, error: abstract new (...args: never[]) => Error]>([
  ['no index there', () => host.files.clear(), SourceNotFoundError],
  [
    'a page in its place',
    () => host.files.set('index.json', new TextEncoder().encode('<!doctype html><p>no')),
    SourceNotFoundError,
  ],
  ['other JSON', () => host.files.set('index.json', new TextEncoder().encode('{"a":1}')), IndexFormatError],
  ['an endless manifest', () => host.files.set('index.json', new Uint8Array(2 << 20).fill(32)), IndexFormatError],
  ['a later version', () => tamper((manifest) => (manifest.version = 3)), UnsupportedError],
  ['paths that lead out', () => tamper((manifest) => (manifest.rows.path = '../rows.json')), IndexFormatError],
  [
    'paths to other hosts',
    () => tamper((manifest) => (manifest.thumbnails.path = 'https://evil.example/x')),
    IndexFormatError,
  ],
  ['more pictures than vectors', () => tamper((manifest) => (manifest.pictures = 501)), IndexFormatError],
  ['more pictures than rows', () => tamper((manifest) => (manifest.problems = 1e9)), IndexFormatError],
  ['rows of a terabyte', () => tamper((manifest) => (manifest.rows.bytes = 2 ** 40)), UnsupportedError],
  ['vectors of a terabyte', () => tamper((manifest) => (manifest.vectors[0].coarse.bytes = 2 ** 40)), UnsupportedError],
  [
    'vectors that are counted longer',
    () => tamper((manifest) => ((manifest.vectors[0].coarse.bytes += 196), (manifest.vectors[0].fine.bytes += 192))),
    IntegrityError,
  ],
  [
    'thumbnails that are counted shorter',
    () => tamper((manifest) => (manifest.thumbnails.bytes = 100)),
    IndexFormatError,
  ],
  ['a changed byte of rows', flip(PACKED, 500), IntegrityError],
  ['a changed byte of rows that are not packed', () => (withoutPacked(), flip(ROWS, 500)()), IntegrityError],
  ['rows cut short', cut(PACKED), VLM2VecError],
  [
    'rows that are not compressed',
    () => host.files.set(named(PACKED), new Uint8Array(host.files.get(named(PACKED))!.length)),
    IntegrityError,
  ],
  ['other rows', () => pack(new TextEncoder().encode('{"folders":[],"files":[]}')), IntegrityError],
  ['rows that inflate to 32 MB', () => pack(new Uint8Array(2 ** 25)), IntegrityError],
  ['packed rows of a terabyte', () => tamper(({ rows }) => (rows.packed!.bytes = 2 ** 40)), UnsupportedError],
  ['packed rows elsewhere', () => tamper(({ rows }) => (rows.packed!.path = '../rows.bin')), IndexFormatError],
  ['packed rows gone', () => host.files.delete(named(PACKED)), SourceNotFoundError],
  ['coarse vectors cut short', cut(/coarse/), IntegrityError],
  ['fine vectors cut short', cut(/fine/), IntegrityError],
  ['vectors of another model', flip(/coarse/, 21), IntegrityError],
  ['no vectors', flip(/coarse/, 1), IndexFormatError],
  ['a scale that is none', flip(/coarse/, 1024 + 3), IndexFormatError],
  ['vectors gone', () => host.files.delete(named(/coarse/)), SourceNotFoundError],
  ['a row with a vector beyond the end', forge((rows) => (rows.files[0]!.slot = 500)), IndexFormatError],
  ['a row with a script for a thumbnail', forge((rows) => (rows.files[0]!.thumb.type = 'text/html')), IndexFormatError],
  ['a row in no folder', forge((rows) => (rows.files[0]!.folderId = 7)), IndexFormatError],
])('%s: refused by a named error, and tried again', async (_, spoil, error) => {
  const whole = new Map(host.files);
  spoil();
  for (const ranges of [true, false]) {
    host.ranges = ranges;
    const attempt = open().then((index) => index.search({ text: 'a dog' }));
    await expect(attempt).rejects.toBeInstanceOf(error);
    await expect(attempt).rejects.toMatchObject({
      name: expect.stringMatching(/^(?!Error|TypeError|RangeError)\w+Error$/),
    });
  }
  for (const [name, bytes] of whole) host.files.set(name, bytes);
  expect((await (await open()).search({ text: 'a dog', limit: 3 })).hits).toHaveLength(3);
});

test('a large file on a host without ranges is refused, not downloaded', async () => {
  host.ranges = false;
  const index = await open({ largestWholeFile: 50_000 });
  await expect(index.search({ text: 'a' })).rejects.toThrow(/only sends whole files/);
  expect(index.bytesRead).toBeLessThan(500_000);
});

test.each(['no host/', 'file:///index/', 'data:,x'])('%s is not a valid address', async (url) => {
  await expect(openStaticIndex(url, { fetch: host.fetch })).rejects.toThrow(InvalidInputError);
});

test('an index without pictures finds nothing', async () => {
  host = fileHost(await makeIndex('none', embedder, 0), BASE);
  const index = await open();
  expect((await index.search({ text: 'a' })).hits).toEqual([]);
  expect(await index.list()).toHaveLength(0);
});
