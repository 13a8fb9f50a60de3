/**
 * @file Pillow's resampling, bit for bit: `Image.resize(size, BICUBIC or BILINEAR)` of an RGB image.
 *
 * What decides the bits (Pillow `src/libImaging/Resample.c`): the kernel (Keys' with a = -0.5, or a triangle), widened
 * by the scale when shrinking; weights computed and normalised in float64, then rounded half away from zero to 22
 * fractional bits; a horizontal pass, rounded and clipped to 8 bits, then a vertical one; a pass along an axis that
 * keeps its length is left out.
 */
import { PRECISION_BITS, resample, type Taps } from './resample';
import type { ImageSize, RgbImage } from './types';

export interface Kernel {
  /** Its reach at scale 1, in pixels. */
  readonly support: number;
  weight(distance: number): number;
}

/** Keys' cubic convolution kernel, a = -0.5; operations in Pillow's order. */
export const CUBIC: Kernel = {
  support: 2,
  weight(distance) {
    const a = -0.5;
    const x = Math.abs(distance);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
    return 0;
  },
};

/** Linear interpolation, as a triangle. */
export const TRIANGLE: Kernel = { support: 1, weight: (distance) => Math.max(0, 1 - Math.abs(distance)) };

/** What Pillow computes of one axis. */
export function computeTaps(inSize: number, outSize: number, kernel: Kernel): Taps {
  const scale = inSize / outSize;
  const kernelScale = Math.max(scale, 1);
  const support = kernel.support * kernelScale;
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outSize);
  const count = new Int32Array(outSize);
  const weights = new Int32Array(outSize * stride);
  const row = new Float64Array(stride);
  const step = 1 / kernelScale;

  for (let out = 0; out < outSize; out++) {
    const center = (out + 0.5) * scale;
    const from = Math.max(Math.trunc(center - support + 0.5), 0);
    const to = Math.min(Math.trunc(center + support + 0.5), inSize);
    const taps = to - from;
    let sum = 0;
    for (let i = 0; i < taps; i++) {
      const weight = kernel.weight((i + from - center + 0.5) * step);
      row[i] = weight;
      sum += weight;
    }
    for (let i = 0; i < taps; i++) {
      const weight = sum === 0 ? row[i]! : row[i]! / sum;
      const scaled = weight * (1 << PRECISION_BITS);
      weights[out * stride + i] = Math.trunc(weight < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    first[out] = from;
    count[out] = taps;
  }
  return { first, count, weights, stride };
}

/** Resamples to `width` × `height` pixels (both at least 1), as Pillow does. Never returns the input's own array. */
export function resizeBicubic(image: RgbImage, width: number, height: number): RgbImage {
  return resize(image, { width, height }, CUBIC);
}

/** Like {@link resizeBicubic}, with Pillow's bilinear filter. */
export function resizeBilinear(image: RgbImage, width: number, height: number): RgbImage {
  return resize(image, { width, height }, TRIANGLE);
}

function resize(image: RgbImage, { width, height }: ImageSize, kernel: Kernel): RgbImage {
  return resample(image, {
    horizontal: width === image.width ? null : computeTaps(image.width, width, kernel),
    vertical: height === image.height ? null : computeTaps(image.height, height, kernel),
  });
}
