/**
 * @file The size that Qwen2-VL gives an image: both sides a multiple of `factor`, the area between two limits, the
 * aspect ratio kept. Follows `smart_resize` of HF's `Qwen2VLImageProcessor`, rounding included.
 */
import { InvalidInputError } from '../../errors';

/** Qwen2-VL refuses images longer than this times their width. */
const MAX_ASPECT_RATIO = 200;

export interface SmartResizeOptions {
  /** Both sides become multiples of this: patch size × merge size (28). */
  factor: number;
  /** Area limits, in pixels. */
  minPixels: number;
  maxPixels: number;
}

/** Rounds halves to the even neighbour, as Python's `round` does: 0.5 → 0, 1.5 → 2, 2.5 → 2. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const fraction = x - below;
  if (fraction !== 0.5) return fraction < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/**
 * A picture so long that its other side would shrink to nothing keeps one cell there, and may exceed `maxPixels` by that:
 * so does transformers 4.57. The version of VLM2Vec's authors fails on it.
 *
 * Throws {@link InvalidInputError} where HF raises a `ValueError`: a side shorter than `factor`, or an aspect ratio
 * above 200.
 */
export function smartResize(
  height: number,
  width: number,
  { factor, minPixels, maxPixels }: SmartResizeOptions,
): { height: number; width: number } {
  if (height < factor || width < factor) {
    throw new InvalidInputError(
      `The image is ${width}×${height} pixels; the model needs at least ${factor} on each side. Enlarge it first.`,
      { width, height, factor },
    );
  }
  const aspect = Math.max(height, width) / Math.min(height, width);
  if (aspect > MAX_ASPECT_RATIO) {
    throw new InvalidInputError(
      `The image is ${width}×${height} pixels, an aspect ratio of ${aspect.toFixed(1)}; ` +
        `the model takes at most ${MAX_ASPECT_RATIO}. Crop it first.`,
      { width, height, aspect },
    );
  }
  let h = roundHalfEven(height / factor) * factor;
  let w = roundHalfEven(width / factor) * factor;
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
