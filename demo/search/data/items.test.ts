import { expect, test } from 'vitest';
import type { PhotoItem } from '../../../src/search';
import { ItemCache } from './items';

const item = (id: number) => ({ id, path: `${id}.jpg` }) as PhotoItem;

test('one request for everything needed at once, none for known items', async () => {
  const asked: number[][] = [];
  const cache = new ItemCache(async (ids) => {
    asked.push([...ids]);
    return ids.map((id) => (id === 3 ? null : item(id)));
  });
  expect(await Promise.all([1, 2, 1, 3].map((id) => cache.get(id)))).toEqual([item(1), item(2), item(1), null]);
  await Promise.all([cache.get(2), cache.get(4)]);
  cache.clear();
  await cache.get(1);
  expect(asked).toEqual([[1, 2, 3], [4], [1]]);
});

test('a failure is not remembered', async () => {
  let fails = true;
  const cache = new ItemCache(async (ids) => {
    if (fails) throw new Error('busy');
    return ids.map(item);
  });
  await expect(cache.get(1)).rejects.toThrow('busy');
  fails = false;
  expect(await cache.get(1)).toEqual(item(1));
});
