import { signal } from '@preact/signals';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SearchResult } from '../../../src/search';
import { parseQuery as parse } from '../../../src/search/query';
import { fakeIndex, type FakeIndex } from '../testing/fake-index';
import { Arrangement } from '../time/arrangement';
import { Finder } from './finder';
import { NO_FILTER } from './form';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function setUp(count = 1000) {
  const index = fakeIndex({ count });
  const eye = { calm: true };
  const finder = new Finder({ parse, calm: () => eye.calm });
  const { found, unfolded } = finder;
  const arrangement = new Arrangement({ found, unfolded, index: signal(index) });
  // Sorted by relevance: dates do not matter here.
  arrangement.orderOf = () => 'fit';
  arrangement.follow();
  finder.use(index);
  await vi.runAllTimersAsync();
  /** The pictures that the page shows. */
  const order = () => [...arrangement.order.value];
  return { index, eye, finder, order };
}

test('an empty form shows everything, newest first', async () => {
  const { finder, order } = await setUp(5);
  expect(order()).toEqual([5, 4, 3, 2, 1]);
  expect(finder.found.value).toMatchObject({ query: null, relevant: 5 });
});

test('typing searches once it pauses; the less relevant are folded until asked for', async () => {
  const { finder, index, order } = await setUp();
  for (const text of ['b', 'be', 'beach']) finder.change({ text }, 250);
  await vi.advanceTimersByTimeAsync(240);
  expect(index.searches).toEqual([]);
  await vi.advanceTimersByTimeAsync(20);
  expect(index.searches).toEqual([{ typed: 'beach', limit: 300 }]);
  expect(order()).toHaveLength(60);
  finder.unfolded.value = true;
  expect(order()).toHaveLength(300);
  finder.change({ text: 'forest' });
  await vi.runAllTimersAsync();
  expect(order(), 'folded again for other words').toHaveLength(60);
});

test('pictures that arrive while words are typed, followed by a pause, are still shown', async () => {
  const { finder, index } = await setUp(29);
  finder.change({ text: 'x' }, 250);
  index.set({ phase: 'paused', revision: 7, indexed: 33 });
  finder.follow(index.state); // while the displayed results are stale
  finder.change({ text: '' }, 250);
  await vi.runAllTimersAsync();
  expect(finder.found.value).toMatchObject({ candidates: 33, revision: 7 });
  const moving = vi.spyOn(index, 'list').mockImplementationOnce(async () => {
    index.set({ revision: 8, indexed: 34 });
    return Uint32Array.of(1);
  });
  await finder.run();
  await vi.runAllTimersAsync();
  expect(moving).toHaveBeenCalledTimes(2);
  expect(finder.found.value).toMatchObject({ candidates: 34, revision: 8 });
});

test('results are stale from the first key to the answer, even if an older search ends in between', async () => {
  const { finder, index } = await setUp();
  expect(finder.stale.value).toBe(false);
  const ends: (() => void)[] = [];
  const search = index.search.bind(index);
  vi.spyOn(index, 'search').mockImplementation(async (query) => {
    await new Promise<void>((resolve) => ends.push(resolve));
    return search(query);
  });
  finder.change({ text: 'beach' }, 250);
  expect(finder.stale.value).toBe(true);
  await vi.advanceTimersByTimeAsync(260);
  finder.change({ text: 'beach at night' }, 250);
  ends[0]!();
  await vi.advanceTimersByTimeAsync(100);
  expect([finder.found.value?.query?.typed, finder.stale.value]).toEqual(['beach', true]);
  index.set({ revision: 7 });
  finder.follow(index.state); // new pictures do not delay the typed query
  await vi.advanceTimersByTimeAsync(160);
  ends[1]!();
  await vi.runAllTimersAsync();
  expect([finder.found.value?.query?.typed, finder.stale.value]).toEqual(['beach at night', false]);
});

test('a few less relevant ones are not folded', async () => {
  const { finder, order } = await setUp(15);
  finder.change({ text: 'beach' });
  await vi.runAllTimersAsync();
  expect([finder.found.value?.relevant, order().length]).toEqual([3, 15]);
});

test('unfolded results stay so for the same words, and the few that a filter leaves are not folded', async () => {
  const { finder, index, order } = await setUp();
  finder.change({ text: 'beach' });
  await vi.runAllTimersAsync();
  finder.unfolded.value = true;
  finder.change({ filter: { ...NO_FILTER, camera: 'X' } });
  await vi.runAllTimersAsync();
  expect(finder.unfolded.value).toBe(true);
  finder.change({ text: 'forest' });
  await vi.runAllTimersAsync();
  expect(finder.unfolded.value).toBe(false);
  index.set({ indexed: 15 });
  finder.change({ filter: { ...NO_FILTER, camera: 'Y' } });
  await vi.runAllTimersAsync();
  expect(order()).toHaveLength(15);
});

test('more hits on demand, until there are no more', async () => {
  const { finder, index } = await setUp();
  finder.change({ text: 'beach' });
  await vi.runAllTimersAsync();
  expect(finder.hasMore.value).toBe(true);
  finder.more();
  await vi.runAllTimersAsync();
  expect(index.searches.at(-1)).toMatchObject({ limit: 1500 });
  expect(finder.hasMore.value).toBe(false);
});

test('exclusions alone find nothing, and the page says so', async () => {
  const { finder, index, order } = await setUp(3);
  finder.change({ text: '-people' });
  await vi.runAllTimersAsync();
  expect(index.searches).toEqual([]);
  expect(finder.onlyExclusions.value).toBe(true);
  expect(order()).toHaveLength(3);
});

test('a picture of the library can be a query, until another library is opened', async () => {
  const { finder, index } = await setUp();
  finder.addPicture({ image: { id: 4 }, name: 'a.jpg' }, true);
  finder.addPicture({ image: new Blob(), name: 'b.jpg' });
  await vi.runAllTimersAsync();
  expect(index.searches.at(-1)).toMatchObject({ image: { id: 4 }, combine: [{ image: expect.any(Blob) }] });
  finder.use(fakeIndex({ count: 2 }));
  expect(finder.form.value.pictures.map(({ name }) => name)).toEqual(['b.jpg']);
});

test('while pictures are indexed, results follow at intervals; but not while someone is looking through them', async () => {
  const { finder, index, eye } = await setUp(10);
  finder.change({ text: 'beach' });
  await vi.runAllTimersAsync();
  const before = index.searches.length;
  for (let revision = 2; revision < 12; revision++) {
    index.set({ phase: 'indexing', revision, indexed: 10 + revision });
    finder.follow(index.state);
    await vi.advanceTimersByTimeAsync(500);
  }
  expect(index.searches.length - before).toBeLessThanOrEqual(2);
  await vi.runAllTimersAsync();

  eye.calm = false;
  const searched = index.searches.length;
  index.set({ revision: 99 });
  finder.follow(index.state);
  await vi.runAllTimersAsync();
  expect(index.searches).toHaveLength(searched);
  expect(finder.outdated.value).toBe(true);
  await finder.run();
  expect(finder.outdated.value).toBe(false);
});

test('errors are shown, and do not affect the next search', async () => {
  const { finder, index, order } = await setUp();
  const search = vi.spyOn(index, 'search').mockRejectedValueOnce(new Error('no model'));
  finder.change({ text: 'beach' });
  await vi.runAllTimersAsync();
  expect([finder.error.value, finder.stale.value]).toEqual([new Error('no model'), false]);
  search.mockRestore();
  await finder.run();
  expect([finder.error.value, order().length]).toEqual([null, 60]);
});

describe('with a second model', () => {
  const result = (ids: number[], pass: 'first' | 'deep'): SearchResult => ({
    ...{ hits: ids.map((id, i) => ({ id, score: 0.9 - i / 10, z: 5, pass })), relevantCount: ids.length, weak: false },
    ...{
      candidates: ids.length,
      revision: 1,
      phase: 'idle',
      milliseconds: { embed: 1, score: 1, deepen: 1 },
      deepError: null,
    },
    deep: pass === 'deep' ? { wanted: 2, embedded: 2, left: 0 } : null,
  });
  const slow = (index: FakeIndex, milliseconds: number) =>
    vi.spyOn(index, 'search').mockImplementation(async (_query, { onFirst, onProgress } = {}) => {
      onFirst?.(result([1, 2, 3], 'first'));
      onProgress?.({ done: 1, total: 2 });
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      return result([3, 1, 2], 'deep');
    });

  test('results of the first model are shown while the second one works, and then its order', async () => {
    const { finder, index, order } = await setUp();
    slow(index, 1000);
    finder.change({ text: 'beach' });
    await vi.advanceTimersByTimeAsync(300);
    expect(order()).toEqual([1, 2, 3]);
    expect([finder.looking.value, finder.searching.value]).toEqual([{ done: 1, total: 2 }, true]);
    await vi.runAllTimersAsync();
    expect(order()).toEqual([3, 1, 2]);
    expect([finder.looking.value, finder.reordered.value]).toEqual([null, null]);
    expect(finder.found.value!.deep).toMatchObject({ embedded: 2 });
  });

  test('if it is quick, results of the first are not shown in between', async () => {
    const { finder, index } = await setUp();
    slow(index, 100);
    finder.change({ text: 'beach' });
    const orders: string[] = [];
    const end = finder.found.subscribe((found) => orders.push([...(found?.ids ?? [])].slice(0, 3).join()));
    await vi.runAllTimersAsync();
    end();
    expect(orders.slice(1)).toEqual(['3,1,2']);
  });

  test('results are not reordered while someone is looking through them', async () => {
    const { finder, index, eye, order } = await setUp();
    slow(index, 1000);
    finder.change({ text: 'beach' });
    await vi.advanceTimersByTimeAsync(300);
    eye.calm = false;
    await vi.runAllTimersAsync();
    expect(order()).toEqual([1, 2, 3]);
    finder.reorder();
    expect(order()).toEqual([3, 1, 2]);
    expect(finder.reordered.value).toBeNull();
  });
});
