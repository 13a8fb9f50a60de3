/** @file Thumbnails in Node: WebP, made by sharp (libvips), in the same size as in browsers. */

import type { RgbImage } from '../../image';
import { missingPackage } from '../../missing-package';
import { thumbnailSize, type Thumbnail } from './thumbnail';

const QUALITY = 80;

/** @param image upright @throws UnsupportedError if sharp is not installed */
export async function makeThumbnail({ width, height, data }: RgbImage): Promise<Thumbnail> {
  const { default: sharp } = await import('sharp').catch((cause: unknown) => {
    throw missingPackage('sharp', 'Making thumbnails (--no-thumbnails leaves them out) needs', cause);
  });
  const bytes = await sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .resize({ ...thumbnailSize(width, height), fit: 'fill' })
    .webp({ quality: QUALITY })
    .toBuffer();
  return { bytes, type: 'image/webp' };
}
