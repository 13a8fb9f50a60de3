/** @file The pictures of the map as points of the plane: which is nearest, which lie inside a loop, how they fit a canvas. */
import { polygonContains } from 'd3-polygon';
import KDBush from 'kdbush';

export interface Extent {
  minX: number;
  minY: number;
  maxX: number;
  maxY: number;
}

/** A view of the plane: a point (x, y) is drawn at (x · k + tx, y · k + ty), in CSS pixels. */
export interface View {
  k: number;
  x: number;
  y: number;
}

export interface MapPoints {
  count: number;
  /** // [count] */
  x: ArrayLike<number>;
  /** // [count] */
  y: ArrayLike<number>;
  extent: Extent;
  /** The points inside a loop, given as corners in the plane. Fewer than three corners contain nothing. */
  inside(loop: readonly [number, number][]): number[];
  /** The points in a rectangle of the plane, in their order. */
  within(extent: Extent): number[];
  /** The point nearest to (x, y) that is at most `radius` away; null if there is none. */
  nearest(x: number, y: number, radius: number): number | null;
}

export function mapPoints(x: ArrayLike<number>, y: ArrayLike<number>): MapPoints {
  const count = x.length;
  const extent = extentOf(x, y);
  const tree = new KDBush(count, 64, Float32Array);
  for (let i = 0; i < count; i++) tree.add(x[i]!, y[i]!);
  if (count > 0) tree.finish();
  return {
    count,
    x,
    y,
    extent,
    inside(loop) {
      if (count === 0 || loop.length < 3) return [];
      const box = extentOf(
        loop.map(([lx]) => lx),
        loop.map(([, ly]) => ly),
      );
      const polygon = loop as [number, number][];
      return tree.range(box.minX, box.minY, box.maxX, box.maxY).filter((i) => polygonContains(polygon, [x[i]!, y[i]!]));
    },
    within({ minX, minY, maxX, maxY }) {
      return count === 0 ? [] : tree.range(minX, minY, maxX, maxY).sort((a, b) => a - b);
    },
    nearest(px, py, radius) {
      if (count === 0) return null;
      const squared = (i: number) => (x[i]! - px) ** 2 + (y[i]! - py) ** 2;
      return tree
        .within(px, py, radius)
        .reduce<number | null>((best, i) => (best === null || squared(i) < squared(best) ? i : best), null);
    },
  };
}

function extentOf(x: ArrayLike<number>, y: ArrayLike<number>): Extent {
  const extent = { minX: Infinity, minY: Infinity, maxX: -Infinity, maxY: -Infinity };
  for (let i = 0; i < x.length; i++) {
    extent.minX = Math.min(extent.minX, x[i]!);
    extent.maxX = Math.max(extent.maxX, x[i]!);
    extent.minY = Math.min(extent.minY, y[i]!);
    extent.maxY = Math.max(extent.maxY, y[i]!);
  }
  return x.length > 0 ? extent : { minX: 0, minY: 0, maxX: 0, maxY: 0 };
}

/** The view that shows all of an extent in the middle of a canvas, with a margin; all in CSS pixels. */
export function fitView({ minX, minY, maxX, maxY }: Extent, width: number, height: number, margin: number): View {
  const spanX = maxX - minX;
  const spanY = maxY - minY;
  const roomX = Math.max(1, width - 2 * margin);
  const roomY = Math.max(1, height - 2 * margin);
  const k =
    spanX === 0 && spanY === 0 ? 1 : Math.min(roomX / (spanX || Number.MIN_VALUE), roomY / (spanY || Number.MIN_VALUE));
  return { k, x: width / 2 - ((minX + maxX) / 2) * k, y: height / 2 - ((minY + maxY) / 2) * k };
}

/** From the canvas to the plane. */
export function toPlane({ k, x, y }: View, px: number, py: number): [number, number] {
  return [(px - x) / k, (py - y) / k];
}

/**
 * The point that an arrow key goes to: the nearest one that is more in that direction than aside; null if there is
 * none.
 */
export function neighbour(
  { count, x, y }: Pick<MapPoints, 'count' | 'x' | 'y'>,
  from: number,
  dx: number,
  dy: number,
): number | null {
  let best: number | null = null;
  let bestCost = Infinity;
  for (let i = 0; i < count; i++) {
    const vx = x[i]! - x[from]!;
    const vy = y[i]! - y[from]!;
    const along = vx * dx + vy * dy;
    const aside = Math.abs(vx * dy - vy * dx);
    if (i === from || along <= 0 || aside > along) continue;
    const cost = along + 2 * aside;
    if (cost < bestCost) [best, bestCost] = [i, cost];
  }
  return best;
}
