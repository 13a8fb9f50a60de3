/** @file Pixels → tiles, equal to HF's `LlavaNextImageProcessor` to the last bit. */

import { patchRows, resizeSteps, type Normalization } from './patches';
import type { TilePlan } from './plans/tiles';
import { resizeBicubic } from './resize';
import type { ImageSize, RgbImage } from './types';

export interface CanvasOptions extends Normalization {
  /** Side of a tile, in pixels: 336. */
  readonly tile: number;
  /** Side of a patch: 14. */
  readonly patchSize: number;
  /**
   * Where the padding is odd: true leaves the canvas one pixel short, and the last tiles, which are narrower for it, are
   * enlarged and cropped (transformers until 4.47 and longer, as VLM2Vec used it); false pads the last side by one more
   * (later releases).
   */
  readonly shortCanvas: boolean;
}

/**
 * The squeezed picture first, then the shape's tiles row by row; patches of each row by row, within a patch: channel, row,
 * column. // [tiles * patches, 3 * patchSize²]
 */
export function tilePatches(image: RgbImage, plan: TilePlan, options: CanvasOptions): Float32Array {
  const { tile, patchSize, mean, std } = options;
  const start = resizeSteps(image, plan.before);
  const tiles = [resized(start, { width: tile, height: tile }), ...cutTiles(start, plan, options)];
  const length = tile * tile * 3;
  const patches = new Float32Array(tiles.length * length);
  tiles.forEach((each, i) => patches.set(patchRows(each, { patchSize, mergeSize: 1, mean, std }), i * length));
  return patches;
}

function cutTiles(image: RgbImage, { shape, fitted }: TilePlan, { tile, shortCanvas }: CanvasOptions): RgbImage[] {
  const canvas = padded(resized(image, fitted), shape, shortCanvas);
  const tiles: RgbImage[] = [];
  for (let y = 0; y < shape.height; y += tile) {
    for (let x = 0; x < shape.width; x += tile) {
      const width = Math.min(tile, canvas.width - x);
      const height = Math.min(tile, canvas.height - y);
      const part = cropped(canvas, { x, y, width, height });
      // The shorter side becomes a tile's, the other one as much longer; of that, the first pixels are kept.
      const shorter = Math.min(width, height);
      const enlarged = resized(part, {
        width: Math.trunc((tile * width) / shorter),
        height: Math.trunc((tile * height) / shorter),
      });
      tiles.push(cropped(enlarged, { x: 0, y: 0, width: tile, height: tile }));
    }
  }
  return tiles;
}

/** In the middle of black. */
function padded(image: RgbImage, shape: ImageSize, shortCanvas: boolean): RgbImage {
  const left = Math.floor((shape.width - image.width) / 2);
  const top = Math.floor((shape.height - image.height) / 2);
  const width = shortCanvas ? image.width + 2 * left : shape.width;
  const height = shortCanvas ? image.height + 2 * top : shape.height;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < image.height; y++) {
    data.set(rowOf(image, y, 0, image.width), ((y + top) * width + left) * 3);
  }
  return { width, height, data };
}

function cropped(image: RgbImage, { x, y, width, height }: ImageSize & { x: number; y: number }): RgbImage {
  if (width === image.width && height === image.height) return image;
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) data.set(rowOf(image, y + row, x, width), row * width * 3);
  return { width, height, data };
}

/** Some pixels of a row. // [width, 3] */
function rowOf(image: RgbImage, y: number, x: number, width: number): Uint8Array {
  const start = (y * image.width + x) * 3;
  return image.data.subarray(start, start + width * 3);
}

function resized(image: RgbImage, { width, height }: ImageSize): RgbImage {
  return width === image.width && height === image.height ? image : resizeBicubic(image, width, height);
}
