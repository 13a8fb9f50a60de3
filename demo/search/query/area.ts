/** @file A box of the map as a line of text, for the form and the address: south, west, north and east, in degrees. */
import type { AreaBox } from '../../../src/search';

/** @returns null if it is not valid */
export function readArea(text: string): AreaBox | null {
  const parts = text.split(',');
  if (parts.length !== 4 || !parts.every((part) => /^-?\d{1,3}(\.\d{1,9})?$/.test(part))) return null;
  const [south, west, north, east] = parts.map(Number) as [number, number, number, number];
  const isBox = Math.abs(south) <= 90 && Math.abs(north) <= 90 && south <= north;
  return isBox && Math.abs(west) <= 180 && Math.abs(east) <= 180 ? { south, west, north, east } : null;
}

/** Rounded to about a metre. */
export function writeArea({ south, west, north, east }: AreaBox): string {
  return [south, west, north, east].map((degrees) => Number(degrees.toFixed(5)) + 0).join();
}
