/** @file Areas of the map on the command line: a box, or the corners of a polygon. */

import { InvalidInputError } from '../errors';
import { polygonProblem } from '../search/query/area';
import type { AreaBox, PhotoArea, Place } from '../search/types/where';

const EXPECTED =
  'expected are south,west,north,east in degrees (41.8,12.4,42,12.6), or three and more corners as latitude,longitude ("41.8,12.4 42,12.4 42,12.6")';

/** @throws InvalidInputError */
export function areaArgument(text: string): PhotoArea {
  const points = text.trim().split(/\s+|;/).filter(Boolean).map(numbersOf);
  const [first] = points;
  if (points.length === 1 && first?.length === 4) return boxOf(first as [number, number, number, number], text);
  if (points.length < 2 || points.some((point) => point?.length !== 2)) refuse(text, EXPECTED);
  const corners = points.map((point): Place => ({ latitude: point![0]!, longitude: point![1]! }));
  if (!corners.every(isOnGlobe)) refuse(text, 'latitudes are −90 to 90, longitudes −180 to 180');
  const problem = polygonProblem({ corners });
  if (problem) refuse(text, problem);
  return { corners };
}

function boxOf([south, west, north, east]: [number, number, number, number], text: string): AreaBox {
  const ends = [
    { latitude: south, longitude: west },
    { latitude: north, longitude: east },
  ];
  if (!ends.every(isOnGlobe)) refuse(text, 'latitudes are −90 to 90, longitudes −180 to 180');
  if (south > north) refuse(text, 'the south is north of the north');
  return { south, west, north, east };
}

const isOnGlobe = ({ latitude, longitude }: Place) => Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;

/** Null for what is no list of numbers. */
function numbersOf(text: string): number[] | null {
  const parts = text.split(',');
  return parts.every((part) => /^[+-]?\d{1,3}(\.\d{1,12})?$/.test(part)) ? parts.map(Number) : null;
}

function refuse(text: string, why: string): never {
  throw new InvalidInputError(`--area ${text}: ${why}.`, { option: 'area' });
}
