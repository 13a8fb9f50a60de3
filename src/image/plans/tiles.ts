/**
 * @file The tile plan (LLaVA-NeXT's "anyres"): a picture is fitted into the best of a few shapes made of square tiles,
 * padded to it and cut; one more tile is the whole picture squeezed. Follows HF's `LlavaNextImageProcessor`; integers only.
 */

import { UnsupportedError } from '../../errors';
import type { ImageSize } from '../types';
import type { ResizeStep } from './native';

/** Shapes and tiles of a checkpoint. */
export interface TileShapes {
  /** In the order in which they are tried; sides are multiples of `tile`. // pixels */
  readonly shapes: readonly ImageSize[];
  /** Side of a tile, in pixels: 336. */
  readonly tile: number;
}

export interface TilePlan {
  /** Sizes that the picture is resized to before anything else. */
  readonly before: readonly ImageSize[];
  /** The shape that it is fitted into. */
  readonly shape: ImageSize;
  /** Its size within. */
  readonly fitted: ImageSize;
}

/** @throws UnsupportedError for steps that are another plan's */
export function tilePlan(size: ImageSize, { shapes }: TileShapes, steps: readonly ResizeStep[]): TilePlan {
  const before = steps.flatMap((step) => squareOf(step));
  const start = before.at(-1) ?? size;
  const shape = bestShape(start, shapes);
  return { before, shape, fitted: fitInto(start, shape) };
}

/** The square that a step makes; none for the one that stands for the checkpoint's own processor. */
function squareOf(step: ResizeStep): ImageSize[] {
  if ('square' in step) return [{ width: step.square, height: step.square }];
  if ('fit' in step && step.fit === 'file') return [];
  throw new UnsupportedError(
    `The recipe resizes pictures with ${JSON.stringify(step)}; this model cuts them into tiles, and only accepts squares.`,
    { step },
  );
}

/** Most pixels kept, then least of the shape wasted; of equals the first. */
function bestShape({ width, height }: ImageSize, shapes: readonly ImageSize[]): ImageSize {
  let best = shapes[0]!;
  let mostKept = -1;
  let leastWaste = Infinity;
  for (const shape of shapes) {
    const scale = Math.min(shape.width / width, shape.height / height);
    const kept = Math.min(Math.trunc(width * scale) * Math.trunc(height * scale), width * height);
    const waste = shape.width * shape.height - kept;
    if (kept > mostKept || (kept === mostKept && waste < leastWaste)) {
      [best, mostKept, leastWaste] = [shape, kept, waste];
    }
  }
  return best;
}

/** The aspect kept, one side as long as the shape's. */
function fitInto({ width, height }: ImageSize, shape: ImageSize): ImageSize {
  const across = shape.width / width;
  const down = shape.height / height;
  return across < down
    ? { width: shape.width, height: Math.min(Math.ceil(height * across), shape.height) }
    : { width: Math.min(Math.ceil(width * down), shape.width), height: shape.height };
}

/** Rows and columns of a grid. */
export interface GridPart {
  readonly firstRow: number;
  readonly rows: number;
  readonly firstColumn: number;
  readonly columns: number;
}

/**
 * Which cells of the shape's grid show the picture and not its padding, by its aspect alone. Exact integers: as many as
 * transformers 4.47 counts. May be none of them.
 */
export function unpadded({ width, height }: ImageSize, grid: { rows: number; columns: number }): GridPart {
  const { rows, columns } = grid;
  if (width * rows > columns * height) {
    const padding = Math.floor((rows - Math.floor((height * columns) / width)) / 2);
    return { firstRow: padding, rows: rows - 2 * padding, firstColumn: 0, columns };
  }
  const padding = Math.floor((columns - Math.floor((width * rows) / height)) / 2);
  return { firstRow: 0, rows, firstColumn: padding, columns: columns - 2 * padding };
}
