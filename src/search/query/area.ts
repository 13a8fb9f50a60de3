/** @file Areas of the map as filters: which places lie in an area, and which areas are not valid. */

import { polygonContains } from 'd3-polygon';
import { isInBox } from '../places/box';
import type { AreaPolygon, PhotoArea, Place } from '../types';

/** Returns a test for places, prepared once for many of them. */
export function areaTest(area: PhotoArea): (place: Place) => boolean {
  if (!('corners' in area)) return ({ latitude, longitude }) => isInBox(area, latitude, longitude);
  const { corners } = area;
  const longitudes = unrolled(corners);
  const polygon = corners.map(({ latitude }, i): [number, number] => [longitudes[i]!, latitude]);
  const [west, east] = [Math.min, Math.max].map((better) => longitudes.reduce((a, b) => better(a, b))) as [
    number,
    number,
  ];
  return ({ latitude, longitude }) => {
    const first = longitude + 360 * Math.ceil((west - longitude) / 360);
    for (let at = first; at <= east; at += 360) if (polygonContains(polygon, [at, latitude])) return true;
    return false;
  };
}

/** A message to display that says why the corners do not form a polygon; null if they do. */
export function polygonProblem({ corners }: AreaPolygon): string | null {
  if (corners.length < 3) return `it has ${corners.length} corners, but needs at least three`;
  const jumps = corners.map(({ longitude }, i) => longitude - corners.at(i - 1)!.longitude);
  const half = jumps.findIndex((jump) => Math.abs(jump) === 180);
  if (half >= 0)
    return `the edge that ends at corner ${half} goes half way around the globe, in an undefined direction`;
  const turns = jumps.reduce((sum, jump) => sum + shorter(jump), 0);
  return Math.abs(turns) > 1 ? 'it goes around a pole' : null;
}

/** Longitudes continued along one line, so that the antimeridian needs no special treatment. */
function unrolled(corners: readonly Place[]): number[] {
  const line: number[] = [];
  for (const { longitude } of corners) {
    const before = line.at(-1);
    line.push(before === undefined ? longitude : before + shorter(longitude - before));
  }
  return line;
}

/** The same turn, brought to between −180 and 180. */
function shorter(turn: number): number {
  return turn - 360 * Math.round(turn / 360);
}
