/**
 * @file Pillow's resampling, bit for bit: `Image.resize(size, BICUBIC or BILINEAR)` of an RGB image.
 *
 * What decides the bits (Pillow `src/libImaging/Resample.c`): the kernel (Keys' with a = -0.5, or a triangle), widened
 * by the scale when shrinking; weights computed and normalised in float64, then rounded half away from zero to 22
 * fractional bits; a horizontal pass, rounded and clipped to 8 bits, then a vertical one; a pass along an axis that
 * keeps its length is left out.
 */
import type { ImageSize, RgbImage } from './types';

const PRECISION_BITS = 22;
/** Half a unit, so that the shift rounds. */
const HALF = 1 << (PRECISION_BITS - 1);

interface Kernel {
  /** Its reach at scale 1, in pixels. */
  readonly support: number;
  weight(distance: number): number;
}

/** For each output position: the first source position, how many follow, and their fixed-point weights. */
interface Taps {
  first: Int32Array; // [out]
  count: Int32Array; // [out]
  weights: Int32Array; // [out, stride]
  stride: number;
}

/** Keys' cubic convolution kernel, a = -0.5; operations in Pillow's order. */
const CUBIC: Kernel = {
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
const TRIANGLE: Kernel = { support: 1, weight: (distance) => Math.max(0, 1 - Math.abs(distance)) };

function computeTaps(inSize: number, outSize: number, kernel: Kernel): Taps {
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

/** Rows `firstRow … firstRow+rows-1` of `image`, resampled to as many columns as there are taps. // [rows, width, 3] */
function resizeRows(image: RgbImage, firstRow: number, rows: number, taps: Taps): Uint8ClampedArray {
  const { first, count, weights, stride } = taps;
  const width = first.length;
  const source = image.data;
  // The clamped array does Pillow's clip8: every value stored is an integer.
  const result = new Uint8ClampedArray(rows * width * 3);
  let target = 0;
  for (let y = 0; y < rows; y++) {
    const rowStart = (firstRow + y) * image.width * 3;
    for (let x = 0; x < width; x++) {
      let at = rowStart + first[x]! * 3;
      let tap = x * stride;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (const end = tap + count[x]!; tap < end; tap++, at += 3) {
        const weight = weights[tap]!;
        red = (red + Math.imul(source[at]!, weight)) | 0;
        green = (green + Math.imul(source[at + 1]!, weight)) | 0;
        blue = (blue + Math.imul(source[at + 2]!, weight)) | 0;
      }
      result[target] = red >> PRECISION_BITS;
      result[target + 1] = green >> PRECISION_BITS;
      result[target + 2] = blue >> PRECISION_BITS;
      target += 3;
    }
  }
  return result;
}

/**
 * Columns resampled: `source` holds rows from `firstRow` on, each of `rowLength` values. // [height, rowLength]
 * Accumulates whole rows at a time, so that memory is read in order.
 */
function resizeColumns(source: Uint8Array | Uint8ClampedArray, rowLength: number, firstRow: number, taps: Taps) {
  const height = taps.first.length;
  const result = new Uint8ClampedArray(height * rowLength);
  const sums = new Int32Array(rowLength);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    const count = taps.count[y]!;
    for (let i = 0; i < count; i++) {
      const weight = taps.weights[y * taps.stride + i]!;
      const start = (taps.first[y]! - firstRow + i) * rowLength;
      for (let x = 0; x < rowLength; x++) sums[x] = sums[x]! + Math.imul(source[start + x]!, weight);
    }
    const start = y * rowLength;
    for (let x = 0; x < rowLength; x++) result[start + x] = sums[x]! >> PRECISION_BITS;
  }
  return result;
}

const bytes = (clamped: Uint8ClampedArray) => new Uint8Array(clamped.buffer, clamped.byteOffset, clamped.length);

/** Resamples to `width` × `height` pixels (both at least 1), as Pillow does. Never returns the input's own array. */
export function resizeBicubic(image: RgbImage, width: number, height: number): RgbImage {
  return resize(image, { width, height }, CUBIC);
}

/** Like {@link resizeBicubic}, with Pillow's bilinear filter. */
export function resizeBilinear(image: RgbImage, width: number, height: number): RgbImage {
  return resize(image, { width, height }, TRIANGLE);
}

function resize(image: RgbImage, { width, height }: ImageSize, kernel: Kernel): RgbImage {
  const sameWidth = width === image.width;
  const sameHeight = height === image.height;
  if (sameWidth && sameHeight) return { width, height, data: image.data.slice() };
  const across = computeTaps(image.width, width, kernel);
  if (sameHeight) return { width, height, data: bytes(resizeRows(image, 0, height, across)) };

  const down = computeTaps(image.height, height, kernel);
  if (sameWidth) return { width, height, data: bytes(resizeColumns(image.data, width * 3, 0, down)) };
  const firstRow = down.first[0]!;
  const lastRow = down.first[height - 1]! + down.count[height - 1]!;
  const rows = resizeRows(image, firstRow, lastRow - firstRow, across);
  return { width, height, data: bytes(resizeColumns(rows, width * 3, firstRow, down)) };
}
