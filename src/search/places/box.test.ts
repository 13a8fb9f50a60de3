import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boxAround, boxOfCircle, isInBox } from './box';

/** Whole degrees, so that turning them around the globe is exact. */
const longitudes = fc.integer({ min: -180, max: 179 });
const latitudes = fc.integer({ min: -90, max: 90 });
const turned = (longitude: number, by: number) => ((((longitude + by + 180) % 360) + 360) % 360) - 180;
const width = ({ west, east }: { west: number; east: number }) => (west <= east ? east - west : east - west + 360);

test('a box around points holds all of them, is the smallest, and does not mind where the antimeridian is', () => {
  const points = fc.array(fc.tuple(latitudes, longitudes), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(points, fc.integer({ min: -180, max: 180 }), (all, by) => {
      const box = boxAround(
        all.map(([latitude]) => latitude),
        all.map(([, longitude]) => longitude),
      )!;
      for (const [latitude, longitude] of all) expect(isInBox(box, latitude, longitude)).toBe(true);
      expect([box.south, box.north]).toEqual([
        Math.min(...all.map(([latitude]) => latitude)),
        Math.max(...all.map(([latitude]) => latitude)),
      ]);
      // Tried from every point on eastwards.
      const spans = all.map(([, from]) => Math.max(...all.map(([, to]) => (to - from + 360) % 360)));
      expect(width(box)).toBe(Math.min(...spans));
      const other = boxAround(
        all.map(([latitude]) => latitude),
        all.map(([, longitude]) => turned(longitude, by)),
      )!;
      expect(width(other)).toBe(width(box));
    }),
  );
  expect(boxAround([NaN, 1], [0, 170])).toEqual({ south: 1, west: 170, north: 1, east: 170 });
  expect(boxAround([], [])).toBeNull();
  expect(boxAround([NaN], [NaN])).toBeNull();
});

test('borders belong to a box, and the antimeridian has two names', () => {
  const fiji = { south: -20, west: 177, north: -16, east: -179 };
  const inside = [
    [-20, 177],
    [-16, -179],
    [-18, 180],
    [-18, -180],
  ] as const;
  const outside = [
    [-18, 176.9],
    [-18, -178.9],
    [-18, 0],
    [-15.9, 180],
    [NaN, NaN],
  ] as const;
  for (const [latitude, longitude] of inside) expect(isInBox(fiji, latitude, longitude)).toBe(true);
  for (const [latitude, longitude] of outside) expect(isInBox(fiji, latitude, longitude)).toBe(false);
  expect(isInBox({ south: 0, west: -180, north: 1, east: -170 }, 0, 180)).toBe(true);
  expect(isInBox({ south: 0, west: 170, north: 1, east: 180 }, 0, -180)).toBe(true);
  expect(isInBox({ south: -90, west: -180, north: 90, east: 180 }, 89, 12)).toBe(true);
});

test('the box of a circle', () => {
  const box = boxOfCircle({ latitude: 60, longitude: 179.9 }, 111);
  expect(box.south).toBeCloseTo(59);
  expect(box.north).toBeCloseTo(61);
  expect([box.west, box.east].map((each) => Math.round(10 * each))).toEqual([1779, -1781]);
  expect(boxOfCircle({ latitude: 90, longitude: 0 }, 50)).toMatchObject({ north: 90 });
  expect(boxOfCircle({ latitude: 90, longitude: 0 }, 500)).toMatchObject({ west: -180, east: 180 });
});
