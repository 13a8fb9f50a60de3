/** @file The HD plan's pixels: the picture resized and padded with white, its tiles, and the view of all of it. */

import { normalisedBytes, patchRows, type Normalization } from './patches';
import type { HdLayout } from './plans';
import { resizeBilinear } from './resize';
import type { RgbImage } from './types';

const CHANNELS = 3;
const WHITE = 255;

export interface TileOptions extends Normalization {
  /** Pixels of a tile's side. */
  readonly tile: number;
  /** Pixels of a patch's side. */
  readonly patchSize: number;
}

/**
 * Patches of the view, then of the tiles, row by row; patches of a tile row by row, and within each channel, row, column.
 * // [(1 + rows·columns) · (tile/patchSize)², 3 · patchSize²]
 */
export function hdPatches(image: RgbImage, layout: HdLayout, options: TileOptions): Float32Array {
  const { tile, patchSize } = options;
  const whole = paddedPicture(image, layout, tile);
  const each = (tile / patchSize) ** 2 * CHANNELS * patchSize ** 2;
  const patches = new Float32Array((1 + layout.rows * layout.columns) * each);
  patches.set(valuePatches(globalView(whole, options), options));
  for (let row = 0, at = each; row < layout.rows; row++) {
    for (let column = 0; column < layout.columns; column++, at += each) {
      patches.set(
        patchRows(cut(whole, { left: column * tile, top: row * tile, tile }), { ...options, mergeSize: 1 }),
        at,
      );
    }
  }
  return patches;
}

/** // [rows·tile, columns·tile, 3] */
function paddedPicture(image: RgbImage, { size, rows, columns }: HdLayout, tile: number): RgbImage {
  // A picture that is higher than wide is laid down, mirrored, until it is padded. Bytes are rounded between the passes across and down, so the order in which they run shows.
  const transposed = image.width < image.height;
  const lying = transposed ? transpose(image) : image;
  const [longer, shorter] = transposed ? [size.height, size.width] : [size.width, size.height];
  const resized = resizeBilinear(lying, longer, shorter);
  const height = tile * (transposed ? columns : rows);
  const margin = (height - shorter) >> 1;
  const data = new Uint8Array(longer * height * CHANNELS).fill(WHITE);
  data.set(resized.data, margin * longer * CHANNELS);
  const padded = { width: longer, height, data };
  return transposed ? transpose(padded) : padded;
}

/** x and y changed places: mirrored, not turned. */
function transpose({ width, height, data }: RgbImage): RgbImage {
  const result = new Uint8Array(data.length);
  let at = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const from = (y * width + x) * CHANNELS;
      for (let channel = 0; channel < CHANNELS; channel++) result[at++] = data[from + channel]!;
    }
  }
  return { width: height, height: width, data: result };
}

function cut({ width, data }: RgbImage, { left, top, tile }: { left: number; top: number; tile: number }): RgbImage {
  const result = new Uint8Array(tile * tile * CHANNELS);
  for (let y = 0; y < tile; y++) {
    const start = ((top + y) * width + left) * CHANNELS;
    result.set(data.subarray(start, start + tile * CHANNELS), y * tile * CHANNELS);
  }
  return { width: tile, height: tile, data: result };
}

/** Positions in the picture and their weights, for one position of the view. */
type Taps = readonly (readonly [position: number, weight: number])[];

/**
 * torch's bicubic interpolation without antialiasing (a = -0.75, align_corners false), of a side that is `factor` times as
 * long as the view's: every position falls on a pixel, or in the middle between two.
 */
function viewTaps(length: number, factor: number, position: number): Taps {
  if (factor % 2 === 1) return [[position * factor + (factor - 1) / 2, 1]];
  const before = position * factor + factor / 2 - 1;
  const inside = (at: number) => Math.min(Math.max(at, 0), length - 1);
  return [
    [inside(before - 1), -0.09375],
    [before, 0.59375],
    [before + 1, 0.59375],
    [inside(before + 2), -0.09375],
  ];
}

/** The whole picture in one tile, of normalised numbers that are neither rounded nor clipped. // [tile, tile, 3] */
function globalView({ width, height, data }: RgbImage, { tile, mean, std }: TileOptions): Float32Array {
  const tables = [0, 1, 2].map((channel) => normalisedBytes(mean[channel]!, std[channel]!));
  const across = Array.from({ length: tile }, (_, x) => viewTaps(width, width / tile, x));
  const view = new Float32Array(tile * tile * CHANNELS);
  let at = 0;
  for (let y = 0; y < tile; y++) {
    const down = viewTaps(height, height / tile, y);
    for (const columns of across) {
      for (let channel = 0; channel < CHANNELS; channel++) {
        let value = 0;
        for (const [row, rowWeight] of down) {
          for (const [column, weight] of columns) {
            value += rowWeight * weight * tables[channel]![data[(row * width + column) * CHANNELS + channel]!]!;
          }
        }
        view[at++] = value;
      }
    }
  }
  return view;
}

/** // [tile, tile, 3] → [(tile/patchSize)², 3 · patchSize²] */
function valuePatches(values: Float32Array, { tile, patchSize }: TileOptions): Float32Array {
  const patches = new Float32Array(values.length);
  let at = 0;
  for (let top = 0; top < tile; top += patchSize) {
    for (let left = 0; left < tile; left += patchSize) {
      for (let channel = 0; channel < CHANNELS; channel++) {
        for (let y = top; y < top + patchSize; y++) {
          for (let x = left; x < left + patchSize; x++) patches[at++] = values[(y * tile + x) * CHANNELS + channel]!;
        }
      }
    }
  }
  return patches;
}
