/** @file Pillow's `ImagingResample` of RGB pixels, given the taps of both axes: by SIMD where there is any. */

import type { RgbImage } from '../types';
import { resampleScalar } from './scalar';
import { resampleSimd } from './simd';
import type { Passes } from './taps';

export { PRECISION_BITS, type Taps } from './taps';

/** To as many pixels as there are taps. Never returns the input's own array. */
export function resample(image: RgbImage, passes: Passes): RgbImage {
  const { horizontal, vertical } = passes;
  const width = horizontal?.first.length ?? image.width;
  const height = vertical?.first.length ?? image.height;
  if (horizontal === null && vertical === null) return { width, height, data: image.data.slice() };
  return { width, height, data: resampleSimd(image, passes) ?? resampleScalar(image, passes) };
}
