import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latitudeOf, longitudeOf, mercator } from './mercator';

test('there and back', () => {
  const degrees = fc.tuple(
    fc.double({ min: -180, max: 179.999, noNaN: true }),
    fc.double({ min: -85, max: 85, noNaN: true }),
  );
  fc.assert(
    fc.property(degrees, fc.integer({ min: -3, max: 3 }), ([longitude, latitude], turns) => {
      const [x, y] = mercator(longitude, latitude);
      expect(longitudeOf(x + turns)).toBeCloseTo(longitude, 6);
      expect(latitudeOf(y)).toBeCloseTo(latitude, 6);
    }),
  );
});

/** As every web map has it: https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames */
test('tiles of OpenStreetMap', () => {
  const [x, y] = mercator(139.7006793, 35.6590699);
  expect([Math.floor(x * 2 ** 18), Math.floor(y * 2 ** 18)]).toEqual([232798, 103246]);
  expect(mercator(0, 0)).toEqual([0.5, 0.5]);
  expect(mercator(-180, 90)[1]).toBeCloseTo(0, 9);
  expect(mercator(180, -90)[1]).toBeCloseTo(1, 9);
});
