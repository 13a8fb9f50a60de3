import { expect, test } from 'vitest';
import { understand } from '../query/understand';
import type { PhotoItem, SearchHit } from '../types';
import { WordSearch } from '../words/match';
import type { Catalog } from './catalog';
import type { Found } from './find';
import { findTyped } from './find-typed';

const NOW = Date.UTC(2026, 10, 29);

function item(id: number, path: string, more: Partial<PhotoItem> = {}): PhotoItem {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const facts = { size: 1, taken: Date.UTC(2020, 0, id), dated: true, camera: null, place: null, unread: null };
  return { id, path, name, folderId: 1, ...facts, width: 1, height: 1, hash: '', ...more };
}

/** Scores by id, and how many of them stand out. */
function ranking(scores: Record<number, number>, standing: number, weak = false) {
  return (only: (item: PhotoItem) => boolean): Found => {
    const ids = Object.keys(scores).map(Number);
    const kept = ids.filter((id) => only(byId(id))).sort((a, b) => scores[b]! - scores[a]!);
    const best = ids.sort((a, b) => scores[b]! - scores[a]!).slice(0, standing);
    const hits = kept.map((id): SearchHit => ({ id, score: scores[id]!, z: 1, pass: 'first' }));
    return { hits, relevantCount: kept.filter((id) => best.includes(id)).length, weak, candidates: kept.length };
  };
}

const ITEMS = [
  item(1, 'Photos/boat at the pier.jpg'),
  item(2, 'Photos/Boat trip/IMG_0002.jpg'),
  item(3, 'Photos/IMG_0003.jpg', { words: { keywords: ['boat', 'sea'] } }),
  item(4, 'Photos/IMG_0004.jpg', { taken: Date.UTC(2021, 6, 1) }),
  item(5, 'Photos/IMG_0005.jpg', { taken: Date.UTC(2021, 7, 31, 23, 59), camera: 'Acme Boatcam 2' }),
  item(6, 'Photos/Summer 2021/IMG_0006.jpg'),
];
const byId = (id: number) => ITEMS.find((each) => each.id === id)!;
const catalog = { rows: ITEMS } as unknown as Catalog;

async function look(typed: string, ranked: ReturnType<typeof ranking> | null, asWords: string[] = []) {
  const { matching } = await understand(typed, { now: NOW, asWords });
  const found = findTyped(catalog, { include: [], exclude: [], omit: [], matching }, new WordSearch(), ranked);
  return { ...found, ids: found.hits.map(({ id }) => id), why: new Map(found.hits.map(({ id, why }) => [id, why])) };
}

test('pictures with that name first, then those that stand out, then folders and cameras with that name, then the rest; each by score', async () => {
  const scores = { 1: 0.1, 2: 0.2, 3: 0.3, 4: 0.9, 5: 0.15, 6: 0.8 };
  const { ids, relevantCount, why } = await look('boat', ranking(scores, 1));
  expect(ids).toEqual([3, 1, 4, 2, 5, 6]);
  expect(relevantCount).toBe(5);
  expect(why.get(3)).toEqual([{ kind: 'keyword', text: 'boat' }]);
  expect(why.get(1)).toEqual([{ kind: 'name', text: 'boat' }]);
  expect(why.get(4)).toEqual([{ kind: 'looks', text: '' }]);
  expect(why.get(2)).toEqual([{ kind: 'folder', text: 'boat' }]);
  expect(why.get(5)).toEqual([{ kind: 'camera', text: 'boat' }]);
  expect(why.get(6)).toEqual([]);
});

test('all words have to match, anywhere; an interpretation that was dismissed no longer counts', async () => {
  const scores = { 1: 0.1, 2: 0.2, 3: 0.3 };
  expect((await look('boat sea', ranking(scores, 0))).ids).toEqual([3, 2, 1]);
  expect((await look('boat sea', ranking(scores, 0))).relevantCount).toBe(1);
  expect((await look('boat pier', ranking(scores, 0))).relevantCount).toBe(1);
  expect((await look('boat -sea', ranking(scores, 0))).relevantCount).toBe(2);
  expect((await look('"at the pier"', ranking(scores, 0))).relevantCount).toBe(1);
  expect((await look('"pier the at"', ranking(scores, 0))).relevantCount).toBe(0);
});

test('if the model’s best may be chance, only names count; without names, the result says so', async () => {
  const scores = { 1: 0.1, 4: 0.9 };
  const named = await look('boat', ranking(scores, 1, true));
  expect([named.ids.slice(0, 1), named.weak, named.relevantCount]).toEqual([[1], false, 1]);
  const unnamed = await look('zebra', ranking(scores, 1, true));
  expect([unnamed.ids, unnamed.weak, unnamed.relevantCount]).toEqual([[4, 1], true, 1]);
});

test('a date filters, as do its words in a name; alone it needs no model', async () => {
  const { ids, relevantCount, why, candidates } = await look('summer 2021', null);
  expect(ids).toEqual([5, 4, 6]);
  expect([relevantCount, candidates]).toEqual([3, 3]);
  expect(why.get(5)).toEqual([{ kind: 'date', text: 'summer 2021' }]);
  expect(why.get(6)).toEqual([{ kind: 'folder', text: 'summer 2021' }]);
  const asked = await look('red summer 2021', ranking({ 1: 0.9, 4: 0.2, 5: 0.3, 6: 0.1 }, 4));
  expect(asked.ids).toEqual([5, 4, 6]);
  expect((await look('summer 2021', ranking({ 1: 0.9, 6: 0.2 }, 1), ['summer 2021'])).ids).toEqual([1, 6]);
});

test('dates are alternatives, and open ends are not', async () => {
  expect((await look('january 2020 2021', null)).ids).toHaveLength(6);
  expect((await look('since 2021', null)).ids).toEqual([5, 4]);
  expect((await look('since 2020 before 2021', null)).ids.includes(4)).toBe(false);
});

test('no more than the limit, and no pictures that are part of the query', async () => {
  const { matching } = await understand('boat', { now: NOW });
  const query = { include: [], exclude: [], omit: [3], limit: 1, matching };
  const found = findTyped(catalog, query, new WordSearch(), null);
  expect(found.hits.map(({ id }) => id)).toEqual([1]);
});

test('100,000 pictures are searched in a moment', async () => {
  const rows = Array.from({ length: 100_000 }, (_, i) =>
    item(i + 1, `Photos/${2000 + (i % 25)}/Trip ${i % 97}/IMG_${i}.jpg`, {
      ...(i % 3 === 0 && {
        words: { keywords: ['boat', `word${i % 500}`], caption: 'A caption of some length, as people write' },
      }),
    }),
  );
  const large = { rows } as unknown as Catalog;
  const words = new WordSearch();
  for (const each of rows) words.prepare(each);
  const { matching } = await understand('boat word3 trip summer 2021', { now: NOW });
  const times = Array.from({ length: 3 }, () => {
    const start = process.cpuUsage();
    findTyped(large, { include: [], exclude: [], omit: [], matching }, words, null);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  // The aim is 100 ms, measured in docs/search.md. Here processor time is used, since other programs share the machine.
  expect(Math.min(...times)).toBeLessThan(300);
});
