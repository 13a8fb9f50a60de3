import { expect, test } from 'vitest';
import { keepMiddle, type Frame } from './middle';
import { toPlane } from './points';

const frame = (width: number, height: number, k: number): Frame => ({
  ...{ width, height },
  all: { k, x: width / 2, y: height / 2 },
});
const small = frame(1200, 280, 140);
const large = frame(1200, 505, 250);
const middleOf = ({ all, width, height }: Frame, { k, x, y }: { k: number; x: number; y: number }) =>
  toPlane({ k: all.k * k, x: all.x * k + x, y: all.y * k + y }, width / 2, height / 2);

test('a map that grows shows the same place, as near as before', () => {
  const k = 200;
  const moved = { k, x: (1 - k) * 600 - 90, y: (1 - k) * 140 + 33 };
  const now = keepMiddle(moved, small, large);
  expect(now.k).toBe(k);
  const [before, after] = [middleOf(small, moved), middleOf(large, now)];
  expect(after[0]).toBeCloseTo(before[0], 9);
  expect(after[1]).toBeCloseTo(before[1], 9);
  // Left as it was, it would show a place far outside.
  expect(Math.abs(middleOf(large, moved)[1] - before[1])).toBeGreaterThan(0.4);
});

test('with nothing changed nothing moves', () => {
  const moved = { k: 3, x: -1000, y: 77 };
  const { k, x, y } = keepMiddle(moved, large, large);
  expect(k).toBe(3);
  expect(x).toBeCloseTo(-1000, 6);
  expect(y).toBeCloseTo(77, 6);
});
