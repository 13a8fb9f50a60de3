/** @file Thumbnails: WebP if the browser can write it, else JPEG. */

import type { RgbImage } from '../../image';

/** The longer side, in pixels. */
export const THUMBNAIL_SIDE = 256;
const QUALITY = 0.8;

export interface Thumbnail {
  bytes: Uint8Array;
  type: string;
}

/** The size of a picture's thumbnail in whole pixels; small pictures keep their size. */
export function thumbnailSize(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, THUMBNAIL_SIDE / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** @param image upright */
export async function makeThumbnail(image: RgbImage): Promise<Thumbnail> {
  const { width, height } = thumbnailSize(image.width, image.height);
  const halved = shrink(image, Math.floor(Math.max(image.width, image.height) / (2 * THUMBNAIL_SIDE)));
  const source = new OffscreenCanvas(halved.width, halved.height);
  source.getContext('2d')!.putImageData(new ImageData(halved.rgba, halved.width, halved.height), 0, 0);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'medium';
  context.drawImage(source, 0, 0, width, height);
  const blob = await canvas.convertToBlob({ type: 'image/webp', quality: QUALITY });
  // A browser that cannot write WebP returns PNG, which is large.
  const small =
    blob.type === 'image/webp' ? blob : await canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY });
  return { bytes: new Uint8Array(await small.arrayBuffer()), type: small.type };
}

/**
 * The means of blocks of `factor` × `factor` pixels, opaque. The result is at least twice as large as a thumbnail, and
 * a canvas smooths the rest: a canvas of the whole picture would take more memory than the picture.
 */
export function shrink(
  { width, height, data }: RgbImage,
  factor: number,
): { width: number; height: number; rgba: Uint8ClampedArray<ArrayBuffer> } {
  const step = Math.max(1, factor);
  const columns = Math.max(1, Math.floor(width / step));
  const rows = Math.max(1, Math.floor(height / step));
  const rgba = new Uint8ClampedArray(columns * rows * 4);
  const sums = new Uint32Array(columns * 3);
  const [across, down] = [Math.min(step, width), Math.min(step, height)];
  for (let y = 0; y < rows; y++) {
    sums.fill(0);
    for (let dy = 0; dy < down; dy++) {
      let from = (y * step + dy) * width * 3;
      for (let x = 0; x < columns * 3; x += 3) {
        for (let dx = 0; dx < across; dx++, from += 3) {
          sums[x]! += data[from]!;
          sums[x + 1]! += data[from + 1]!;
          sums[x + 2]! += data[from + 2]!;
        }
      }
    }
    for (let x = 0, to = y * columns * 4; x < columns * 3; x += 3, to += 4) {
      rgba[to] = sums[x]! / (across * down);
      rgba[to + 1] = sums[x + 1]! / (across * down);
      rgba[to + 2] = sums[x + 2]! / (across * down);
      rgba[to + 3] = 255;
    }
  }
  return { width: columns, height: rows, rgba };
}
