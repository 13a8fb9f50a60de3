/** @file Which part of the globe a view shows, and views that show a box. */
import type { AreaBox } from '../../../src/search';
import type { View } from '../map/points';
import { latitudeOf, longitudeOf, mercator } from './mercator';

/** CSS pixels. */
export interface Size {
  width: number;
  height: number;
}

/** A rectangle of the canvas. */
export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Any closer there is nothing to see: about 0.6 m per pixel. */
export const NEAREST = 256 * 2 ** 18;
/** Boxes are shown no closer than this, since a place needs some surroundings. */
const NEAREST_FIT = 256 * 2 ** 13;

/** As high as the buttons over the lower edge, with what is around them. In CSS pixels. */
const TOOLS = 44;

/** The widest view: the square that is the world fills the canvas, and is there once. */
export function widest({ width, height }: Size): number {
  return Math.max(256, width, height);
}

/** As `Clusters` counts: the plane's side is 256 pixels at 0, and twice as long at each step. */
export function stepOf(k: number): number {
  return Math.max(0, Math.floor(Math.log2(k / 256)));
}

export function boxOfRect({ k, x, y }: View, { left, top, right, bottom }: Rect): AreaBox {
  const isAllAround = right - left >= k;
  return {
    south: latitudeOf(Math.min(1, (bottom - y) / k)),
    north: latitudeOf(Math.max(0, (top - y) / k)),
    west: isAllAround ? -180 : longitudeOf((left - x) / k),
    east: isAllAround ? 180 : longitudeOf((right - x) / k),
  };
}

/** On the plane; `maxX` is beyond 1 if a box crosses the antimeridian. */
export function planeOf({ south, west, north, east }: AreaBox) {
  const [minX, minY] = mercator(west, north);
  const [maxX, maxY] = mercator(east < west ? east + 360 : east, south);
  return { minX, minY, maxX, maxY };
}

/**
 * The view that has a box in its middle, with a margin.
 * @param now the current view: of the repeated worlds, the nearest is shown
 * @param least the smallest zoom
 */
export function fitBox(box: AreaBox, size: Size, { now, margin = 48, least = 0 }: FitOptions = {}): View {
  const { minX, minY, maxX, maxY } = planeOf(box);
  const { width, height } = size;
  // Buttons lie over the map's lower edge.
  const below = Math.min(TOOLS, height / 8);
  const across = Math.max(1, width - 2 * margin) / Math.max(1e-12, maxX - minX);
  const down = Math.max(1, height - 2 * margin - below) / Math.max(1e-12, maxY - minY);
  const k = Math.min(NEAREST, Math.max(widest(size), least, Math.min(across, down, NEAREST_FIT)));
  let middle = (minX + maxX) / 2;
  if (now) middle += Math.round((width / 2 - now.x) / now.k - middle);
  return viewAround(middle, (minY + maxY) / 2 + below / 2 / k, k, size);
}

/**
 * The view that has a point of the plane in its middle, as far as possible, since the world ends in the north and in
 * the south.
 */
export function viewAround(x: number, y: number, k: number, { width, height }: Size): View {
  return { k, x: width / 2 - x * k, y: Math.min(0, Math.max(height - k, height / 2 - y * k)) };
}

export interface FitOptions {
  now?: View;
  /** CSS pixels. */
  margin?: number;
  least?: number;
}

/** Whether a rectangle of the canvas shows any of a box. */
export function shows(view: View, { width, height }: Size, box: AreaBox): boolean {
  const { minX, minY, maxX, maxY } = planeOf(box);
  const { k, x, y } = view;
  if (y + maxY * k < 0 || y + minY * k > height) return false;
  // The first of the worlds whose box ends to the right of the left edge.
  const turn = Math.ceil(-x / k - maxX);
  return x + (minX + turn) * k <= width;
}

/** Where a point of the plane is on the canvas: once for each world beside another that shows it. */
export function placesOn({ k, x, y }: View, width: number, reach: number, at: { x: number; y: number }) {
  const found: { left: number; top: number; turn: number }[] = [];
  for (let turn = Math.ceil((-reach - x) / k - at.x); ; turn++) {
    const left = x + (at.x + turn) * k;
    if (left > width + reach) return found;
    found.push({ left, top: y + at.y * k, turn });
  }
}
