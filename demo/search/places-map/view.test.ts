import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isInBox } from '../../../src/search/places/box';
import { mercator } from './mercator';
import { boxOfRect, fitBox, placesOn, shows, stepOf, widest } from './view';

const size = { width: 600, height: 400 };
const boxes = fc
  .record({
    south: fc.integer({ min: -80, max: 79 }),
    height: fc.integer({ min: 0, max: 60 }),
    west: fc.integer({ min: -180, max: 179 }),
    width: fc.integer({ min: 0, max: 300 }),
  })
  .map(({ south, height, west, width }) => {
    const east = west + width;
    return { south, north: Math.min(80, south + height), west, east: east > 180 ? east - 360 : east };
  });
const middles = fc.integer({ min: -3000, max: 3000 });

test('a view of a box has all of it that fits, wherever the antimeridian is, and the nearest of the worlds', () => {
  fc.assert(
    fc.property(boxes, middles, (box, x) => {
      const now = { k: 1000, x, y: 0 };
      const view = fitBox(box, size, { now });
      expect(view.k).toBeGreaterThanOrEqual(widest(size));
      expect(view.y).toBeLessThanOrEqual(0);
      expect(view.y + view.k).toBeGreaterThanOrEqual(size.height - 1e-6);
      expect(shows(view, size, box)).toBe(true);
      const seen = boxOfRect(view, { left: -1, top: -1, right: size.width + 1, bottom: size.height + 1 });
      const wide = (box.east - box.west + 360) % 360;
      // Boxes wider than the canvas at its widest view are shown in part.
      if (wide < 270) expect(isInBox(seen, (box.south + box.north) / 2, box.west)).toBe(true);
      const [middleNow, middle] = [now, view].map((each) => (size.width / 2 - each.x) / each.k) as [number, number];
      expect(Math.abs(middle - middleNow)).toBeLessThanOrEqual(0.5 + 1e-9);
    }),
  );
});

test('a view shows what is in the box of its rectangle', () => {
  const places = fc.tuple(fc.integer({ min: -179, max: 179 }), fc.integer({ min: -79, max: 79 }));
  fc.assert(
    fc.property(boxes, places, middles, (box, [longitude, latitude], x) => {
      const view = fitBox(box, size, { now: { k: 800, x, y: 0 } });
      const [px, py] = mercator(longitude, latitude);
      const on = placesOn(view, size.width, 0, { x: px, y: py }).filter(({ top }) => top >= 0 && top <= size.height);
      const seen = boxOfRect(view, { left: 0, top: 0, right: size.width, bottom: size.height });
      const edges = on.some(({ left, top }) =>
        [left, top, size.width - left, size.height - top].some((to) => Math.abs(to) < 1e-6),
      );
      if (!edges) expect(on.length > 0).toBe(isInBox(seen, latitude, longitude));
      const point = { south: latitude, north: latitude, west: longitude, east: longitude };
      if (!edges) expect(shows(view, size, point)).toBe(on.length > 0);
      for (const { left, turn } of on) expect(left).toBeCloseTo(view.x + (px + turn) * view.k, 6);
    }),
  );
});

test('steps of zoom', () => {
  expect([1, 256, 511, 512, 256 * 2 ** 17].map(stepOf)).toEqual([0, 0, 0, 1, 17]);
});
