/** @file Draws land and borders: only the lines in view, with only as many points as can be seen. */
import type { View } from '../map/points';
import type { Line, World } from './world';

/** Steps of detail: at each a pixel is half of the one before. Beyond the last, all points are drawn. */
const FINEST = 9;
/** A fraction of a pixel: points closer than this to the previous one are left out. */
const TOLERANCE = 0.6;

export interface Ground {
  context: CanvasRenderingContext2D;
  /** CSS pixels. */
  width: number;
  height: number;
  land: string;
  border: string;
}

interface Drawable {
  line: Line;
  path: Path2D;
}

/** A piece of land and all of its lakes, or a border, at one step of detail. */
interface Detail {
  land: Drawable[];
  borders: Drawable[];
}

export class WorldPaths {
  readonly #world: World;
  readonly #details: (Detail | undefined)[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** @param view of a plane whose side is 1; the world is repeated to its left and right */
  draw({ context, width, height, land, border }: Ground, { k, x, y }: View): void {
    const detail = this.#at(k);
    context.save();
    // One world more on each side: whatever crosses the antimeridian extends into it.
    for (let turn = Math.floor(-x / k) - 1; turn <= Math.floor((width - x) / k) + 1; turn++) {
      const left = x + turn * k;
      const isSeen = ({ line }: Drawable) =>
        left + line.maxX * k >= 0 &&
        left + line.minX * k <= width &&
        y + line.maxY * k >= 0 &&
        y + line.minY * k <= height;
      context.save();
      context.translate(left, y);
      context.scale(k, k);
      context.fillStyle = land;
      for (const each of detail.land) if (isSeen(each)) context.fill(each.path, 'evenodd');
      context.strokeStyle = border;
      context.lineWidth = 1 / k;
      context.lineJoin = 'round';
      for (const each of detail.borders) if (isSeen(each)) context.stroke(each.path);
      context.restore();
    }
    context.restore();
  }

  #at(k: number): Detail {
    const step = Math.max(0, Math.min(FINEST, Math.ceil(Math.log2(k / 256))));
    return (this.#details[step] ??= this.#make(step === FINEST ? 0 : TOLERANCE / (256 * 2 ** step)));
  }

  #make(tolerance: number): Detail {
    const isVisible = ({ minX, minY, maxX, maxY }: Line) => Math.max(maxX - minX, maxY - minY) >= tolerance;
    const drawable = (lines: Line[]): Drawable[] => {
      const [outer] = lines;
      if (!outer || !isVisible(outer)) return [];
      const path = new Path2D();
      for (const line of lines) if (isVisible(line)) trace(path, thinned(line.points, tolerance));
      return [{ line: outer, path }];
    };
    return {
      land: this.#world.land.flatMap(drawable),
      borders: this.#world.borders.flatMap((line) => drawable([line])),
    };
  }
}

function trace(path: Path2D, points: ArrayLike<number>): void {
  path.moveTo(points[0]!, points[1]!);
  for (let i = 2; i < points.length; i += 2) path.lineTo(points[i]!, points[i + 1]!);
}

/** Leaves out points closer than this to the previous one; the first and the last are kept. */
export function thinned(points: Float32Array, tolerance: number): Float32Array {
  if (tolerance === 0) return points;
  const kept = new Float32Array(points.length);
  let count = 0;
  for (let i = 0; i < points.length; i += 2) {
    const isEnd = i === 0 || i + 2 >= points.length;
    const gone = Math.hypot(points[i]! - kept[count - 2]!, points[i + 1]! - kept[count - 1]!);
    if (!isEnd && gone < tolerance) continue;
    kept[count++] = points[i]!;
    kept[count++] = points[i + 1]!;
  }
  return kept.subarray(0, count);
}
