/**
 * @file The native plan: a picture keeps its aspect; both sides become multiples of a visual token's, and the area falls
 * between two limits. Follows `smart_resize` of HF's `Qwen2VLImageProcessor` and of `qwen-vl-utils`, rounding included.
 * Published recipes resize more than once, or to a square, before the checkpoint's own processor does: the steps.
 */

import { MAX_PIXELS } from '../../bundle/manifest';
import { InvalidInputError } from '../../errors';
import type { ImageSize } from '../types';

/** Beyond this a picture is too narrow for Qwen2-VL's processor. */
const MAX_ASPECT_RATIO = 200;

/** Steps run in order on 8-bit RGB with Pillow's bicubic filter; one that leaves the size alone leaves the pixels alone. */
export type ResizeStep =
  | {
      /** Sides become multiples of a visual token's side, and the area falls within the limits, in pixels (`file`: the checkpoint's own). */
      readonly fit: readonly [minPixels: number, maxPixels: number] | 'file';
      /**
       * Of more than 1 : 200. `refuse`: an error, on the sides as they come; `clamp`: on the result, the longer side
       * becomes 200 times the shorter; `any`: not looked at. @default 'refuse'
       */
      readonly ratio?: 'refuse' | 'clamp' | 'any';
      /** A side shorter than a visual token's. @default 'grow' */
      readonly small?: 'grow' | 'refuse';
      /** Width and height of the result change places, as one published recipe has it. */
      readonly swap?: true;
    }
  /** Squeezed to a square. // pixels */
  | { readonly square: number }
  /** Only where a side is shorter than `small`. */
  | { readonly small: number; readonly to: readonly [width: number, height: number] }
  /** Only where one side is more than `narrow` times the other: squeezed to the square that the longer alone would become within the limits. */
  | { readonly narrow: number; readonly within: readonly [minPixels: number, maxPixels: number] };

/** Limits and cell of a checkpoint. */
export interface NativeLimits {
  /** Side of a visual token, in pixels: patch size × merge size (28). */
  readonly factor: number;
  readonly minPixels: number;
  readonly maxPixels: number;
}

/** VLM2Vec's own processor: the checkpoint's limits, and nothing that is too small or too narrow. */
export const FIT_FILE: readonly ResizeStep[] = [{ fit: 'file', small: 'refuse' }];

/** Rounds halves to the even neighbour, as Python's `round` does: 0.5 → 0, 1.5 → 2, 2.5 → 2. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const fraction = x - below;
  if (fraction !== 0.5) return fraction < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

export interface SizesOptions {
  readonly steps: readonly ResizeStep[];
  readonly limits: NativeLimits;
  /** In place of the limits of the last `fit`. */
  readonly minPixels?: number;
  readonly maxPixels?: number;
}

/**
 * The sizes that a picture is resized to, one after the other; the last has sides that are multiples of `factor`.
 * @throws InvalidInputError for a picture that the steps refuse
 */
export function nativeSizes(size: ImageSize, { steps, limits, minPixels, maxPixels }: SizesOptions): ImageSize[] {
  const lastFit = steps.findLastIndex((step) => 'fit' in step);
  const sizes: ImageSize[] = [];
  let current = size;
  steps.forEach((step, index) => {
    current =
      'fit' in step
        ? fitted(current, step, withLimits(step, limits, index === lastFit ? { minPixels, maxPixels } : {}))
        : otherStep(current, step, limits.factor);
    sizes.push(current);
  });
  const last = sizes.at(-1)!;
  if (last.height * last.width > MAX_PIXELS) {
    throw new InvalidInputError(
      `The image would become ${last.width}×${last.height} pixels; the limit is ${MAX_PIXELS}. Lower maxPixels.`,
      { width: last.width, height: last.height, limit: MAX_PIXELS },
    );
  }
  return sizes;
}

function otherStep(size: ImageSize, step: Exclude<ResizeStep, { fit: unknown }>, factor: number): ImageSize {
  if ('square' in step) return { width: step.square, height: step.square };
  if ('narrow' in step) {
    const longer = Math.max(size.width, size.height);
    if (longer <= step.narrow * Math.min(size.width, size.height)) return size;
    const [minPixels, maxPixels] = step.within;
    return smartResize(longer, longer, { factor, minPixels, maxPixels });
  }
  const [width, height] = step.to;
  return Math.min(size.width, size.height) < step.small ? { width, height } : size;
}

type FitStep = Extract<ResizeStep, { fit: unknown }>;

function withLimits(
  { fit }: FitStep,
  { factor, ...file }: NativeLimits,
  given: { minPixels?: number; maxPixels?: number },
): NativeLimits {
  const [low, high] = fit === 'file' ? [file.minPixels, file.maxPixels] : fit;
  const { minPixels = low, maxPixels = high } = given;
  if (minPixels > maxPixels) {
    throw new InvalidInputError(`minPixels (${minPixels}) exceeds maxPixels (${maxPixels}).`, { minPixels, maxPixels });
  }
  return { factor, minPixels, maxPixels };
}

function fitted(size: ImageSize, { ratio = 'refuse', small = 'grow', swap }: FitStep, limits: NativeLimits): ImageSize {
  const { width, height } = size;
  const { factor } = limits;
  if (small === 'refuse' && Math.min(width, height) < factor) {
    throw new InvalidInputError(
      `The image is ${width}×${height} pixels; the model needs at least ${factor} on each side. Enlarge it first.`,
      { width, height, factor },
    );
  }
  const aspect = Math.max(height, width) / Math.min(height, width);
  if (ratio === 'refuse' && aspect > MAX_ASPECT_RATIO) {
    throw new InvalidInputError(
      `The image is ${width}×${height} pixels, an aspect ratio of ${aspect.toFixed(1)}; ` +
        `the model takes at most ${MAX_ASPECT_RATIO}. Crop it first.`,
      { width, height, aspect },
    );
  }
  const result = smartResize(height, width, limits);
  const fits = ratio === 'clamp' ? clamped(result) : result;
  return swap ? { width: fits.height, height: fits.width } : fits;
}

/** The longer side at most 200 times the shorter. */
function clamped({ width, height }: ImageSize): ImageSize {
  if (Math.max(width, height) / Math.min(width, height) <= MAX_ASPECT_RATIO) return { width, height };
  return height > width ? { width, height: width * MAX_ASPECT_RATIO } : { width: height * MAX_ASPECT_RATIO, height };
}

/**
 * Both sides multiples of `factor`, the area between the limits, the aspect kept. A picture so long that its other side
 * would shrink to nothing keeps one cell there, and may exceed `maxPixels` by that: so does transformers 4.57. The
 * version of VLM2Vec's authors fails on it.
 */
export function smartResize(height: number, width: number, { factor, minPixels, maxPixels }: NativeLimits): ImageSize {
  let h = Math.max(factor, roundHalfEven(height / factor) * factor);
  let w = Math.max(factor, roundHalfEven(width / factor) * factor);
  if (h * w > maxPixels) {
    const shrink = Math.sqrt((height * width) / maxPixels);
    h = Math.max(factor, Math.floor(height / shrink / factor) * factor);
    w = Math.max(factor, Math.floor(width / shrink / factor) * factor);
  } else if (h * w < minPixels) {
    const grow = Math.sqrt(minPixels / (height * width));
    h = Math.ceil((height * grow) / factor) * factor;
    w = Math.ceil((width * grow) / factor) * factor;
  }
  return { height: h, width: w };
}
