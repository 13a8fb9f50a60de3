import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitView, mapPoints, neighbour, toPlane } from './points';

const coordinate = fc.float({ min: -50, max: 50, noNaN: true });
const pairs = fc.array(fc.tuple(coordinate, coordinate), { maxLength: 60 });
const of = (points: [number, number][]) =>
  mapPoints(
    Float32Array.from(points, ([x]) => x),
    Float32Array.from(points, ([, y]) => y),
  );

test('the nearest point is the nearest of all, and none beyond the radius', () => {
  fc.assert(
    fc.property(pairs, coordinate, coordinate, fc.float({ min: 1, max: 40, noNaN: true }), (points, x, y, radius) => {
      const found = of(points).nearest(x, y, radius);
      const distances = points.map(([px, py]) => Math.hypot(px - x, py - y));
      const least = Math.min(Infinity, ...distances);
      if (found === null) expect(least).toBeGreaterThan(radius - 1e-4);
      else expect(distances[found]).toBeCloseTo(least, 4);
    }),
  );
});

test('a rectangle drawn as a loop contains the points in it', () => {
  fc.assert(
    fc.property(pairs, coordinate, coordinate, (points, x, y) => {
      const inside = of(points).inside([
        [x, y],
        [x + 20, y],
        [x + 20, y + 10],
        [x, y + 10],
      ]);
      const strictly = points.flatMap(([px, py], i) => (px > x && px < x + 20 && py > y && py < y + 10 ? [i] : []));
      expect(inside).toEqual(expect.arrayContaining(strictly));
      for (const i of inside) {
        expect(points[i]![0]).toBeGreaterThanOrEqual(x);
        expect(points[i]![1]).toBeLessThanOrEqual(y + 10);
      }
    }),
  );
  expect(of([[1, 1]]).inside([])).toEqual([]);
  expect(
    of([[1, 1]]).inside([
      [0, 0],
      [2, 2],
    ]),
  ).toEqual([]);
});

test('the view that fits shows every point within the margins', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 20 }), (points) => {
      const { extent } = of(points);
      const view = fitView(extent, 400, 300, 20);
      for (const [x, y] of points) {
        const [px, py] = [x * view.k + view.x, y * view.k + view.y];
        expect(px).toBeGreaterThan(19.9);
        expect(px).toBeLessThan(380.1);
        expect(py).toBeGreaterThan(19.9);
        expect(py).toBeLessThan(280.1);
      }
    }),
  );
  expect(toPlane({ k: 2, x: 10, y: 20 }, 14, 26)).toEqual([2, 3]);
});

test('arrow keys go to the neighbour on that side', () => {
  const cross = of([
    [0, 0],
    [5, 1],
    [-5, 0],
    [0, 5],
    [1, -5],
    [20, 0],
  ]);
  expect([
    neighbour(cross, 0, 1, 0),
    neighbour(cross, 0, -1, 0),
    neighbour(cross, 0, 0, 1),
    neighbour(cross, 0, 0, -1),
  ]).toEqual([1, 2, 3, 4]);
  expect(neighbour(cross, 5, 1, 0)).toBeNull();
});

test('an empty map', () => {
  const none = of([]);
  expect(none.nearest(0, 0, 10)).toBeNull();
  expect(
    none.inside([
      [0, 0],
      [1, 0],
      [1, 1],
    ]),
  ).toEqual([]);
  expect(fitView(none.extent, 100, 100, 10)).toEqual({ k: 1, x: 50, y: 50 });
});
