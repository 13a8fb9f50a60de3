/** @file A picture as VLM2Vec's own processor gives it, from what `image/` offers; for comparison with HF's. */

import { FIT_FILE, nativeSizes, patchRows, resizeSteps, type PatchOptions, type RgbImage } from '../image';

export interface ProcessorConfig extends PatchOptions {
  minPixels: number;
  maxPixels: number;
}

/** The grid of patches that an image of `height` × `width` is resized to. */
export function imageGrid(height: number, width: number, config: ProcessorConfig) {
  const { patchSize, mergeSize, minPixels, maxPixels } = config;
  const limits = { factor: patchSize * mergeSize, minPixels, maxPixels };
  const sizes = nativeSizes({ width, height }, { steps: FIT_FILE, limits });
  const size = sizes.at(-1)!;
  const grid = { height: size.height / patchSize, width: size.width / patchSize };
  return { sizes, grid, tokens: (grid.height * grid.width) / mergeSize ** 2 };
}

/** Resized, normalised and cut. // patches [grid.height * grid.width, 3 * patchSize²] */
export function imagePatches(image: RgbImage, config: ProcessorConfig) {
  const { sizes, grid, tokens } = imageGrid(image.height, image.width, config);
  return { patches: patchRows(resizeSteps(image, sizes), config), grid, tokens };
}
