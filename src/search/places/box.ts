/**
 * @file Boxes on the globe, where longitudes wrap around: what is inside one, and the smallest one around some points.
 */

import type { AreaBox, Place } from '../types';

export function isInBox({ south, west, north, east }: AreaBox, latitude: number, longitude: number): boolean {
  if (!(latitude >= south && latitude <= north)) return false;
  // The antimeridian has two names.
  return isBetween(west, east, longitude) || (Math.abs(longitude) === 180 && isBetween(west, east, -longitude));
}

function isBetween(west: number, east: number, longitude: number): boolean {
  return west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east;
}

/**
 * The smallest box around points: across the antimeridian where that is the shorter way.
 * @param latitude those that are NaN are left out // [points]
 * @param longitude // [points]
 * @returns null without points
 */
export function boxAround(latitude: ArrayLike<number>, longitude: ArrayLike<number>): AreaBox | null {
  let south = Infinity;
  let north = -Infinity;
  const found = new Float64Array(latitude.length);
  let count = 0;
  for (let i = 0; i < latitude.length; i++) {
    if (Number.isNaN(latitude[i])) continue;
    south = Math.min(south, latitude[i]!);
    north = Math.max(north, latitude[i]!);
    found[count++] = longitude[i]!;
  }
  if (count === 0) return null;
  const sorted = found.subarray(0, count).sort();
  // All but the widest gap between neighbours, of which the first and the last are two.
  let widest = sorted[0]! + 360 - sorted[count - 1]!;
  let east = count - 1;
  for (let i = 0; i + 1 < count; i++) {
    const gap = sorted[i + 1]! - sorted[i]!;
    if (gap > widest) [widest, east] = [gap, i];
  }
  return { south, west: sorted[(east + 1) % count]!, north, east: sorted[east]! };
}

/** The box around a circle. @param radius in kilometres */
export function boxOfCircle({ latitude, longitude }: Place, radius: number): AreaBox {
  const high = radius / 111;
  const wide = Math.min(180, high / Math.max(0.01, Math.cos((latitude * Math.PI) / 180)));
  const turned = (degrees: number) => ((((degrees + 180) % 360) + 360) % 360) - 180;
  return {
    south: Math.max(-90, latitude - high),
    north: Math.min(90, latitude + high),
    west: wide === 180 ? -180 : turned(longitude - wide),
    east: wide === 180 ? 180 : turned(longitude + wide),
  };
}
