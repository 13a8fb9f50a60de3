import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MOST_SHOWN, shownAsPictures, SIDE } from './pictures';
import { mapPoints } from './points';

const size = { width: 800, height: 600 };
const view = { k: 1, x: 0, y: 0 };
const coordinate = fc.float({ min: -300, max: 1100, noNaN: true });
const of = (pairs: [number, number][]) =>
  mapPoints(
    pairs.map(([x]) => x),
    pairs.map(([, y]) => y),
  );

test('pictures are in view, apart from each other, and leave out only those near one that is shown', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(coordinate, coordinate), { maxLength: 150 }),
      fc.uniqueArray(fc.nat(149)),
      (pairs, first) => {
        const shown = shownAsPictures(of(pairs), view, size, new Set(first));
        const isNear = (i: number, j: number) =>
          Math.max(Math.abs(pairs[i]![0] - pairs[j]![0]), Math.abs(pairs[i]![1] - pairs[j]![1])) < SIDE * 0.8;
        const inView = pairs.flatMap(([x, y], i) => (x >= 0 && y >= 0 && x <= 800 && y <= 600 ? [i] : []));
        expect(inView).toEqual(expect.arrayContaining(shown));
        for (const i of shown) for (const j of shown) if (i !== j) expect(isNear(i, j)).toBe(false);
        expect(shown.length).toBeLessThanOrEqual(MOST_SHOWN);
        if (shown.length < MOST_SHOWN)
          for (const i of inView)
            expect(
              shown.some((j) => isNear(i, j)),
              `${i}`,
            ).toBe(true);
      },
    ),
  );
});

test('in a crowd there are only dots, until one zooms in', () => {
  const crowd = Array.from({ length: 400 }, (_, i): [number, number] => [(i % 20) * 40, Math.floor(i / 20) * 30]);
  expect(shownAsPictures(of(crowd), view, size, null)).toEqual([]);
  const near = shownAsPictures(of(crowd), { k: 3, x: 0, y: 0 }, size, null);
  expect(near.length).toBeGreaterThan(20);
  expect(near).toEqual([...near].sort((a, b) => a - b));
});

test('found pictures go first', () => {
  const pair: [number, number][] = [
    [100, 100],
    [110, 105],
  ];
  expect(shownAsPictures(of(pair), view, size, null)).toEqual([0]);
  expect(shownAsPictures(of(pair), view, size, new Set([1]))).toEqual([1]);
});
