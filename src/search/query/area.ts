/** @file Areas of the map as filters: which places lie in one, and what is none. */

import { polygonContains } from 'd3-polygon';
import { isInBox } from '../places/box';
import type { AreaPolygon, PhotoArea, Place } from '../where';

/** Made once for many places. */
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

/** Why corners are no polygon, for people; null where they are one. */
export function polygonProblem({ corners }: AreaPolygon): string | null {
  if (corners.length < 3) return `it has ${corners.length} corners, and needs three`;
  const jumps = corners.map(({ longitude }, i) => longitude - corners.at(i - 1)!.longitude);
  const half = jumps.findIndex((jump) => Math.abs(jump) === 180);
  if (half >= 0)
    return `the edge that ends at corner ${half} goes half around the globe, and it cannot be told which way`;
  const turns = jumps.reduce((sum, jump) => sum + shorter(jump), 0);
  return Math.abs(turns) > 1 ? 'it goes around a pole' : null;
}

/** Longitudes as one line, on which the antimeridian is nothing special. */
function unrolled(corners: readonly Place[]): number[] {
  const line: number[] = [];
  for (const { longitude } of corners) {
    const before = line.at(-1);
    line.push(before === undefined ? longitude : before + shorter(longitude - before));
  }
  return line;
}

/** The same turn, between −180 and 180. */
function shorter(turn: number): number {
  return turn - 360 * Math.round(turn / 360);
}
