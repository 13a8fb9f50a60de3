/** @file Pillow's `Image.resize(size, NEAREST)` of an RGB image, pixel for pixel. */
import type { RgbImage } from './types';

/** Which source pixel each of `outSize` takes. Pillow adds up the step in float64 and cuts off (`ImagingScaleAffine`). */
function picks(inSize: number, outSize: number): Int32Array {
  const step = inSize / outSize;
  const found = new Int32Array(outSize);
  let at = step * 0.5;
  for (let out = 0; out < outSize; out++, at += step) found[out] = Math.min(Math.trunc(at), inSize - 1);
  return found;
}

/** Takes for each pixel the nearest one of `image`. Both sides at least 1. */
export function resizeNearest(image: RgbImage, width: number, height: number): RgbImage {
  const columns = picks(image.width, width);
  const rows = picks(image.height, height);
  const data = new Uint8Array(width * height * 3);
  let target = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * image.width + column) * 3;
      data[target++] = image.data[from]!;
      data[target++] = image.data[from + 1]!;
      data[target++] = image.data[from + 2]!;
    }
  }
  return { width, height, data };
}
