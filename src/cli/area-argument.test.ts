import { expect, test } from 'vitest';
import { InvalidInputError } from '../errors';
import { areaArgument } from './area-argument';

test('a box, also across the antimeridian, and a polygon', () => {
  expect(areaArgument('41.8,12.4,42,12.6')).toEqual({ south: 41.8, west: 12.4, north: 42, east: 12.6 });
  expect(areaArgument('-20,175,-10,-175')).toEqual({ south: -20, west: 175, north: -10, east: -175 });
  const corners = [
    { latitude: 41.8, longitude: 12.4 },
    { latitude: 42, longitude: 12.4 },
    { latitude: 42, longitude: -12.6 },
  ];
  expect(areaArgument(' 41.8,12.4  42,12.4 42,-12.6 ')).toEqual({ corners });
  expect(areaArgument('41.8,12.4;42,12.4;42,-12.6')).toEqual({ corners });
});

test.each([
  ['', 'expected are'],
  ['Rome', 'expected are'],
  ['41.8,12.4', 'expected are'],
  ['1,2,3', 'expected are'],
  ['1,2,3,4,5', 'expected are'],
  ['1,2,3,4 5,6', 'expected are'],
  ['41,8,12,4 x', 'expected are'],
  ['1,2 3,4', 'corner'],
  ['42,12,41,13', 'the south is north of the north'],
  ['91,12,92,13', 'latitudes are'],
  ['1,2 3,4 5,181', 'latitudes are'],
  ['1e1,2,3,4', 'expected are'],
])('%j is refused', (text, why) => {
  expect(() => areaArgument(text)).toThrow(InvalidInputError);
  expect(() => areaArgument(text)).toThrow(why);
});
