import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { areaTest, polygonProblem } from './area';

/** Whole degrees: turning them around the globe is exact. */
const turned = (longitude: number, by: number) => ((((longitude + by + 180) % 360) + 360) % 360) - 180;
const turn = fc.integer({ min: -180, max: 180 });

/** A box, and what lies around it and in it but not on its borders. */
const boxes = fc.record({
  south: fc.integer({ min: -80, max: 70 }),
  height: fc.integer({ min: 1, max: 10 }),
  west: fc.integer({ min: -180, max: 179 }),
  width: fc.integer({ min: 1, max: 170 }),
  latitude: fc.integer({ min: -90, max: 89 }).map((degrees) => degrees + 0.5),
  longitude: fc.integer({ min: -180, max: 179 }).map((degrees) => degrees + 0.5),
});

test('a polygon with the corners of a box holds what the box does, wherever the antimeridian is', () => {
  fc.assert(
    fc.property(boxes, turn, fc.boolean(), ({ south, height, west, width, latitude, longitude }, by, clockwise) => {
      const north = south + height;
      const area = { south, west: turned(west, by), north, east: turned(west + width, by) };
      const corners = [
        { latitude: south, longitude: area.west },
        { latitude: south, longitude: area.east },
        { latitude: north, longitude: area.east },
        { latitude: north, longitude: area.west },
      ];
      if (clockwise) corners.reverse();
      const place = { latitude, longitude: turned(longitude, by) };
      const expected = latitude > south && latitude < north && (((longitude - west) % 360) + 360) % 360 < width;
      expect(polygonProblem({ corners })).toBeNull();
      expect(areaTest(area)(place)).toBe(expected);
      expect(areaTest({ corners })(place)).toBe(expected);
    }),
    { numRuns: 1000 },
  );
});

test('a polygon around a point holds it as far as its angles say, wherever the antimeridian is', () => {
  const spokes = fc.array(fc.integer({ min: 2, max: 40 }), { minLength: 5, maxLength: 9 });
  const point = fc.tuple(fc.integer({ min: -39, max: 39 }), fc.integer({ min: -39, max: 39 }));
  fc.assert(
    fc.property(spokes, point, turn, (lengths, [north, east], by) => {
      // One corner per spoke around (0, 0), so that no edges cross.
      const shape = lengths.map((length, i) => {
        const angle = (2 * Math.PI * i) / lengths.length;
        return [Math.round(length * Math.sin(angle)), Math.round(length * Math.cos(angle))] as const;
      });
      const place = [north + 0.37, east + 0.41] as const;
      // Seen from the place, the corners go all around it, or they do not.
      const angles = shape.map(([y, x]) => Math.atan2(y - place[0], x - place[1]));
      const around = angles.reduce((sum, angle, i) => {
        const step = angles[(i + 1) % angles.length]! - angle;
        return sum + step - 2 * Math.PI * Math.round(step / (2 * Math.PI));
      }, 0);
      const corners = shape.map(([latitude, longitude]) => ({ latitude, longitude: turned(longitude, by) }));
      const isInside = areaTest({ corners })({ latitude: place[0], longitude: turned(place[1], by) });
      expect(isInside).toBe(Math.abs(around) > 1);
    }),
    { numRuns: 1000 },
  );
});

describe('what is no polygon', () => {
  const corners = (...all: [number, number][]) => all.map(([latitude, longitude]) => ({ latitude, longitude }));
  test.each([
    ['two corners', corners([0, 0], [1, 1]), /2 corners/],
    ['around the pole', corners([60, 0], [60, 120], [60, -120]), /pole/],
    ['half around the globe', corners([0, 0], [10, 180], [10, 90]), /corner 1 goes half/],
  ])('%s', (_what, all, problem) => expect(polygonProblem({ corners: all })).toMatch(problem));
  test('a triangle over the antimeridian is one', () => {
    const fiji = corners([-15, 175], [-15, -175], [-25, 180]);
    expect(polygonProblem({ corners: fiji })).toBeNull();
    const isInside = areaTest({ corners: fiji });
    expect([179, -179, 180, -180].map((longitude) => isInside({ latitude: -17, longitude }))).toEqual(
      Array(4).fill(true),
    );
    expect([0, 174, -174].map((longitude) => isInside({ latitude: -17, longitude }))).toEqual(Array(3).fill(false));
  });
});
