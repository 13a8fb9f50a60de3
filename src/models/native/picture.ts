/** @file Pictures at their own aspect ratio: resized within limits, cut into patches that keep it. */

import { LEAST_DEVIATION, MAX_CHANNEL, MAX_LIMIT, MAX_PIXELS, type JsonObject } from '../../bundle/manifest';
import { BundleFormatError } from '../../errors';
import { FIT_FILE, nativeSizes, patchRows, resizeSteps, type PatchOptions } from '../../image';
import type { Picture } from '../architecture';
import { visionRotary, type PatchHeads } from './rotary';

/** As stated in `preprocessor_config.json`; kept in the bundle. */
export interface NativeImageConfig extends PatchOptions {
  /** Images with fewer pixels are enlarged. */
  readonly minPixels: number;
  /** Images with more pixels are reduced. */
  readonly maxPixels: number;
}

export function nativePicture(heads: PatchHeads, image: NativeImageConfig): Picture {
  const { patchSize, mergeSize, minPixels, maxPixels } = image;
  const limits = { factor: patchSize * mergeSize, minPixels, maxPixels };
  return {
    options: ['minPixels', 'maxPixels'],
    plan(size, { resize = FIT_FILE, ...given }) {
      const sizes = nativeSizes(size, { steps: resize, limits, ...given });
      const { width, height } = sizes.at(-1)!;
      const grid = { height: height / patchSize, width: width / patchSize };
      const patches = grid.height * grid.width;
      const cells = { height: grid.height / mergeSize, width: grid.width / mergeSize };
      return {
        key: `${grid.height}x${grid.width}`,
        sequences: 1,
        patches,
        length: patches,
        tokens: cells.height * cells.width,
        features: cells.height * cells.width,
        featureRows: null,
        grid,
        cells,
        sizes,
      };
    },
    fill: (picture, { sizes }) => patchRows(resizeSteps(picture, sizes), image),
    rotary: ({ grid }) => visionRotary(heads, grid),
  };
}

/** @throws BundleFormatError for a value that is missing or makes no sense */
export function readNativeImage(json: JsonObject): NativeImageConfig {
  const fail = (key: string, what: string): never => {
    throw new BundleFormatError(`bundle.json: "image.${key}" must be ${what}.`, { key });
  };
  const count = (key: string, max: number) => {
    const value = json[key];
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max;
    return fits ? value : fail(key, `a whole number from 1 to ${max}`);
  };
  const channels = (key: string, min: number): [number, number, number] => {
    const value = json[key];
    const fits = (each: unknown) => typeof each === 'number' && each >= min && each <= MAX_CHANNEL;
    if (!Array.isArray(value) || value.length !== 3 || !value.every(fits)) return fail(key, 'three numbers');
    return value as [number, number, number];
  };
  const image = {
    minPixels: count('minPixels', MAX_PIXELS),
    maxPixels: count('maxPixels', MAX_LIMIT),
    mean: channels('mean', -MAX_CHANNEL),
    std: channels('std', LEAST_DEVIATION),
    patchSize: count('patchSize', 256),
    mergeSize: count('mergeSize', 16),
  };
  return image.maxPixels < image.minPixels ? fail('maxPixels', 'at least minPixels') : image;
}
