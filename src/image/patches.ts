/**
 * @file Pixels → the patches that the vision tower takes, equal to HF's `Qwen2VLImageProcessor` to the last bit of
 * every float32, except that a still image's two equal temporal slices are kept once (588 values, not 1176: the
 * bundle's patch weights are folded to match).
 */
import { MAX_PIXELS, type ImageConfig } from '../bundle/manifest';
import { InvalidInputError } from '../errors';
import { resizeBicubic } from './resize';
import { smartResize } from './plans/native';
import type { RgbImage } from './types';

const CHANNELS = 3;
/** HF's `rescale_factor`. */
const RESCALE = 1 / 255;

export interface ImagePatches {
  /**
   * // [grid.height * grid.width, 3 * patchSize²]
   * Patches in merge-block order: the mergeSize² patches that become one visual token follow each other.
   * Within a patch: channel, row, column.
   */
  patches: Float32Array;
  /** Patches per column and per row. */
  grid: { height: number; width: number };
  /** Visual tokens: patches / mergeSize². */
  tokens: number;
}

/**
 * What each byte becomes. HF multiplies by 1/255 in float64, rounds to float32, then subtracts the mean and divides by
 * the deviation, each in float32. // [256]
 */
function normalisedBytes(mean: number, std: number): Float32Array {
  const table = new Float32Array(256);
  const mean32 = Math.fround(mean);
  const std32 = Math.fround(std);
  for (let byte = 0; byte < 256; byte++) {
    table[byte] = Math.fround(Math.fround(byte * RESCALE) - mean32) / std32;
  }
  return table;
}

/** The size that {@link imagePatches} resizes an image of `height` × `width` to, as a grid of patches. */
export function imageGrid(
  height: number,
  width: number,
  { patchSize, mergeSize, minPixels, maxPixels }: ImageConfig,
): { grid: { height: number; width: number }; tokens: number } {
  const size = smartResize(height, width, { factor: patchSize * mergeSize, minPixels, maxPixels });
  if (size.height * size.width > MAX_PIXELS) {
    throw new InvalidInputError(
      `The image would become ${size.width}×${size.height} pixels; at most ${MAX_PIXELS} are computed. Lower maxPixels.`,
      { width: size.width, height: size.height, limit: MAX_PIXELS },
    );
  }
  const grid = { height: size.height / patchSize, width: size.width / patchSize };
  return { grid, tokens: (grid.height * grid.width) / mergeSize ** 2 };
}

/**
 * Resizes, normalises and cuts an image into patches.
 * Throws {@link InvalidInputError} for a side under patchSize × mergeSize pixels, an aspect ratio above 200, or more than
 * {@link MAX_PIXELS} after resizing.
 */
export function imagePatches(image: RgbImage, config: ImageConfig): ImagePatches {
  const { patchSize, mergeSize } = config;
  const { grid, tokens } = imageGrid(image.height, image.width, config);
  const width = grid.width * patchSize;
  const { data } = resizeBicubic(image, width, grid.height * patchSize);

  const tables = [0, 1, 2].map((channel) => normalisedBytes(config.mean[channel]!, config.std[channel]!));
  const patches = new Float32Array(grid.height * grid.width * CHANNELS * patchSize ** 2);
  let target = 0;
  for (let blockRow = 0; blockRow < grid.height; blockRow += mergeSize) {
    for (let blockColumn = 0; blockColumn < grid.width; blockColumn += mergeSize) {
      for (let row = blockRow; row < blockRow + mergeSize; row++) {
        for (let column = blockColumn; column < blockColumn + mergeSize; column++) {
          const corner = (row * patchSize * width + column * patchSize) * CHANNELS;
          for (let channel = 0; channel < CHANNELS; channel++) {
            const table = tables[channel]!;
            for (let y = 0; y < patchSize; y++) {
              let at = corner + y * width * CHANNELS + channel;
              for (let x = 0; x < patchSize; x++, at += CHANNELS) patches[target++] = table[data[at]!]!;
            }
          }
        }
      }
    }
  }
  return { patches, grid, tokens };
}
