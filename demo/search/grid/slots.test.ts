import { expect, test } from 'vitest';
import { Slots } from './slots';

test('rows that stay keep their slot, others take over those that became free, and only then new ones are made', () => {
  const slots = new Slots();
  expect(slots.assign([0, 1, 2])).toEqual([0, 1, 2]);
  expect(slots.assign([1, 2, 3])).toEqual([1, 2, 0]);
  expect(slots.assign([90, 91, 92])).toEqual([1, 2, 0]);
  expect(slots.assign([91, 92, 93, 94])).toEqual([2, 0, 1, 3]);
  expect(slots.assign([92])).toEqual([0]);
  expect(slots.assign([93, 94])).toEqual([0, 1]);
  expect(slots.assign([94]), 'no number twice, where the first ones have gone').toEqual([1]);
  expect(slots.assign([94, 95, 96])).toEqual([1, 0, 2]);
});
