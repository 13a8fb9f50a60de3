import { signal } from '@preact/signals';
import { expect, it } from 'vitest';
import { fakeIndex } from '../testing/fake-index';
import type { Found } from '../query/finder';
import { Arrangement } from './arrangement';

const found = (ids: number[], relevant: number, isQuery: boolean): Found => ({
  query: isQuery ? { text: 'a' } : null,
  ids: Uint32Array.from(ids),
  relevant,
  hits: null,
  weak: false,
  candidates: ids.length,
  milliseconds: null,
  deep: null,
  revision: 1,
});

it('keeps results in their order, and sorts only those that stand out by time', async () => {
  const [shown, unfolded] = [signal<Found | null>(null), signal(false)];
  const index = fakeIndex({ count: 30 });
  let asked = 0;
  const counting = { dates: (ids: Uint32Array) => (asked++, index.dates(ids)) };
  const arrangement = new Arrangement({ found: shown, unfolded, index: signal(counting) });
  arrangement.follow();
  // The invented index has one picture per hour; multiples of 7 have no date.
  shown.value = found([3, 7, 9, 5, 1, 2], 4, true);
  expect([...arrangement.order.value], 'at once').toEqual([3, 7, 9, 5]);
  expect(arrangement.arranged.value!.timeline).toBeNull();

  arrangement.sort.value = 'newest';
  await expect.poll(() => [...arrangement.order.value]).toEqual([9, 5, 3, 7]);
  unfolded.value = true;
  expect([...arrangement.order.value]).toEqual([9, 5, 3, 7, 1, 2]);
  arrangement.sort.value = 'oldest';
  await expect.poll(() => [...arrangement.order.value]).toEqual([3, 5, 9, 7, 1, 2]);
  expect(asked, 'times are asked for once').toBe(1);

  arrangement.sort.value = 'fit';
  shown.value = found([1, 2, 3], 3, false);
  await expect.poll(() => [...arrangement.order.value], { message: 'all pictures: newest first' }).toEqual([3, 2, 1]);
  expect(arrangement.arranged.value!.timeline!.sections).toHaveLength(1);
  shown.value = null;
  expect(arrangement.arranged.value).toBeNull();
});
