/**
 * @file A typed query is understood identically, and finds the same in the same order, on the command line, on the
 * page, and from a web server.
 */

import 'fake-indexeddb/auto';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { VLM2Vec } from '../index';
import { FAVOURITES, openPhotoIndex, openStaticIndex, type PhotoIndex, type StaticIndex } from '../search';
import { SearchService } from '../search/library/service';
import { fileHost } from '../testing/file-host';
import { fixturePath } from '../testing/fixtures';
import { linkedWorker } from '../testing/linked-worker';
import { memoryStorage } from '../testing/memory-opfs';
import { runMain as run } from './run-main';

const BASE = 'https://example.org/index/';
const PICTURES = [
  ...[
    'photos/jpeg.jpg',
    'photos/jpeg-xmp-month.jpg',
    'photos/jpeg-zeros.jpg',
    'photos/png.png',
    'photo-words/both.jpg',
  ],
  ...['images/cat.png', 'images/rocket.png', 'images/coffee.png'],
];

let work: string;
let model: VLM2Vec;
let page: PhotoIndex;
let host: StaticIndex;
const at = (name: string) => path.join(work, name);

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'photo-typed-'));
  for (const picture of PICTURES) {
    const folder = at(picture.startsWith('photos') ? 'Photos/Trip with a cat' : 'Photos');
    await mkdir(folder, { recursive: true });
    await cp(fixturePath(picture), path.join(folder, path.basename(picture)));
  }
  const made = await run(['index', at('Photos'), '--out', at('first'), '--model', 'nano', '--export', at('first.bin')]);
  expect(made.code).toBe(0);
  vi.stubGlobal('navigator', { storage: memoryStorage() });
  model = await VLM2Vec.load('nano');
  const places = async () =>
    new Uint8Array(await readFile(path.resolve(import.meta.dirname, '../../places/places.bin')));
  page = await openPhotoIndex({ embedder: model, worker: () => linkedWorker(new SearchService()), places });
  await page.import(new Blob([await readFile(at('first.bin'))]));
  await page.createAlbum('Best of', [...(await page.list()).slice(0, 3)]);
  await page.changeAlbum(FAVOURITES, { add: [...(await page.list()).slice(2, 4)] });
  await run(['index', '--out', at('index'), '--model', 'nano', '--import', await exported()]);
  host = await openStaticIndex(BASE, { fetch: fileHost(at('index'), BASE).fetch, embedder: model, places });
}, 120_000);
afterAll(async () => {
  host.close();
  await page.close();
  await model.dispose();
  vi.unstubAllGlobals();
  await rm(work, { recursive: true });
});

async function exported(): Promise<string> {
  const { writeFile } = await import('node:fs/promises');
  await writeFile(at('page.bin'), new Uint8Array(await (await page.export()).arrayBuffer()));
  return at('page.bin');
}

interface Printed {
  hits: { path: string; relevant: boolean; why?: object[] }[];
  understood?: object[];
}
async function command(...args: string[]) {
  const { code, stdout, stderr } = await run(['search', at('index'), ...args, '--json', '--relative', '--top', '20']);
  expect(code, stderr).toBe(0);
  return { ...(JSON.parse(stdout) as Printed), stderr };
}

test.each([
  ['a cat', 0],
  ['cat -rocket', 0],
  ['in Sydney', 1],
  ['something in Australia', 1],
  ['March 2018', 1],
  ['a cup of coffee 2018', 1],
  ['July 1962', 1],
  ['"acme testcam"', 0],
  ['in Sydney 1999', 2],
  ['März 2018', 1, 'de'],
  ['eine Katze im März 2018', 1, 'en-US', 'de'],
  ['mars 2018', 1, 'fr'],
  ['2018年3月', 1, 'en-US'],
  ['mars', 0, 'fr'],
])('%s', async (typed, recognised, ...languages: string[]) => {
  vi.stubGlobal('navigator', { ...navigator, languages });
  const found = await command(typed);
  if (languages.length > 0 && recognised > 0) {
    expect(found.understood).toMatchObject([{ meaning: '2018-03-01 – 2018-03-31' }]);
  }
  const by = { typed, limit: 20 };
  for (const index of [page, host]) {
    const { hits, relevantCount, understood } = await index.search(by);
    const items = await index.items(hits.map(({ id }) => id));
    expect(found.hits.map((hit) => hit.path)).toEqual(items.map((item) => item!.path));
    expect(found.hits.map(({ why }) => why)).toEqual(hits.map(({ why }) => why));
    expect(found.hits.filter(({ relevant }) => relevant)).toHaveLength(relevantCount);
    expect(found.understood).toEqual(understood!.recognised);
  }
  expect(found.understood).toHaveLength(recognised);
  expect(found.stderr.match(/ filters: /g) ?? []).toHaveLength(recognised);
});

test('the languages of the command are those of the environment', () => {
  const script = 'new Intl.DateTimeFormat().resolvedOptions().locale';
  const languages = ['de_DE.UTF-8', 'fr_CH', 'C'].map((LANG) =>
    execFileSync(process.execPath, ['-p', script], { env: { LANG }, encoding: 'utf8' }).trim(),
  );
  expect(languages).toEqual(['de-DE', 'fr-CH', 'en-US']);
});

test('a date or place can be treated as words', async () => {
  const [filtered, words] = [
    await command('a cat in Sydney'),
    await command('a cat in Sydney', '--as-words', 'in Sydney'),
  ];
  expect(filtered.hits.length).toBeLessThan(words.hits.length);
  expect(words.understood).toEqual([]);
});

test('an area, as the page filters by one', async () => {
  const sydney = { south: -34.2, west: 150.9, north: -33.5, east: 151.5 };
  const corners = [
    [-34.2, 150.9],
    [-33.5, 150.9],
    [-33.5, 151.5],
    [-34.2, 151.5],
  ] as const;
  const found = await page.items(await page.list({ filter: { area: sydney } }));
  expect(found.length).toBeGreaterThan(0);
  for (const area of [Object.values(sydney).join(), corners.join(' ')]) {
    const { hits } = await command('--area', area);
    expect(hits.map((hit) => hit.path)).toEqual(found.map((item) => item!.path));
  }
  expect((await command('--area', '0,0,1,1')).hits).toEqual([]);
  expect((await run(['search', at('index'), '--area', 'Rome'])).code).toBe(2);
});

test('albums by name, and the favourites', async () => {
  const inAlbum = async (name: string) => (await command('--album', name)).hits.map((hit) => hit.path);
  const all = (await page.items(await page.list())).map((item) => item!.path);
  expect(await inAlbum('best OF')).toEqual(all.slice(0, 3));
  expect(await inAlbum('favourites')).toEqual(all.slice(2, 4));
  const { code, stderr } = await run(['search', at('index'), 'cat', '--album', 'Worst of']);
  expect(code).toBe(2);
  expect(stderr).toContain('no album “Worst of”; it has: favourites, Best of');
});
