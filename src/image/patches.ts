/**
 * @file Pixels → the patches that a vision tower takes, equal to HF's `Qwen2VLImageProcessor` to the last bit of every
 * float32, except that a still image's two equal temporal slices are kept once (588 values, not 1176: the bundle's patch
 * weights are folded to match).
 */
import { resizeBicubic } from './resize';
import type { RgbImage, ImageSize } from './types';

const CHANNELS = 3;
/** HF's `rescale_factor`. */
const RESCALE = 1 / 255;

/** By channel, of values of 0 to 1. */
export interface Normalization {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

export interface PatchOptions extends Normalization {
  /** Pixels per patch side (14). */
  readonly patchSize: number;
  /** Patches per merge-block side (2): those that become one visual token follow each other. */
  readonly mergeSize: number;
}

/**
 * What each byte becomes. HF multiplies by 1/255 in float64, rounds to float32, then subtracts the mean and divides by
 * the deviation, each in float32. // [256]
 */
export function normalisedBytes(mean: number, std: number): Float32Array {
  const table = new Float32Array(256);
  const mean32 = Math.fround(mean);
  const std32 = Math.fround(std);
  for (let byte = 0; byte < 256; byte++) {
    table[byte] = Math.fround(Math.fround(byte * RESCALE) - mean32) / std32;
  }
  return table;
}

/** Resizes step by step, with Pillow's bicubic filter; a size that it has already changes nothing. */
export function resizeSteps(image: RgbImage, sizes: readonly ImageSize[]): RgbImage {
  return sizes.reduce<RgbImage>(
    (picture, { width, height }) =>
      picture.width === width && picture.height === height ? picture : resizeBicubic(picture, width, height),
    image,
  );
}

/**
 * Normalises an image whose sides are multiples of patchSize × mergeSize, and cuts it into patches in merge-block order;
 * within a patch: channel, row, column. // [patches, 3 * patchSize²]
 */
export function patchRows(
  { data, width, height }: RgbImage,
  { patchSize, mergeSize, mean, std }: PatchOptions,
): Float32Array {
  const rows = height / patchSize;
  const columns = width / patchSize;
  const tables = [0, 1, 2].map((channel) => normalisedBytes(mean[channel]!, std[channel]!));
  const patches = new Float32Array(rows * columns * CHANNELS * patchSize ** 2);
  let target = 0;
  for (let blockRow = 0; blockRow < rows; blockRow += mergeSize) {
    for (let blockColumn = 0; blockColumn < columns; blockColumn += mergeSize) {
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
  return patches;
}
