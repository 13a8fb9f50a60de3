import { expect, test } from 'vitest';
import { extend, NOTHING, selectAll, toggle } from './selection';

const order = Uint32Array.of(9, 4, 7, 1, 3);

test('toggling adds, then removes', () => {
  const one = toggle(NOTHING, 4);
  expect([...one.ids]).toEqual([4]);
  expect([...toggle(one, 4).ids]).toEqual([]);
  expect([...NOTHING.ids]).toEqual([]);
});

test('a range goes from the anchor in either direction, in the order shown', () => {
  const anchored = toggle(NOTHING, 7);
  expect([...extend(anchored, 3, order).ids]).toEqual([7, 1, 3]);
  expect([...extend(extend(anchored, 3, order), 9, order).ids].sort()).toEqual([1, 3, 4, 7, 9]);
});

test('a range without an anchor in view is the picture alone', () => {
  expect([...extend(NOTHING, 4, order).ids]).toEqual([4]);
  expect([...extend(toggle(NOTHING, 100), 4, order).ids]).toEqual([100, 4]);
});

test('all', () => expect([...selectAll(order).ids]).toEqual([...order]));
