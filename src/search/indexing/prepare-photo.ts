/** @file A file of a folder → all that its row needs but the vector, and what the model is to read. */

import { sha256Hex } from '../../bundle/digest';
import { ImageFormatError, ImageTooLargeError, SourceNotFoundError } from '../../errors';
import { decodePicture, type RgbImage } from '../../image';
import { readHeader } from '../../image/headers/index';
import type { EmbedderInput, PictureLimits } from '../types';
import { readFacts } from './exif';
import type { PictureRow } from '../library/rows';
import { makeThumbnail, type Thumbnail } from './thumbnail';

/** What the file itself says. */
export type PictureFacts = Pick<PictureRow, 'taken' | 'dated' | 'camera' | 'place' | 'width' | 'height' | 'hash'>;

export interface Prepared {
  facts: PictureFacts;
  thumbnail: Thumbnail;
  input: EmbedderInput;
}

/** Too large to be read: found without reading. @throws ImageTooLargeError, ImageFormatError */
export function checkFile(file: File, { fileBytes }: PictureLimits): void {
  if (file.size === 0) throw new ImageFormatError('The file is empty.');
  if (file.size <= fileBytes) return;
  throw new ImageTooLargeError(
    `The file has ${megabytes(file.size)} MB; at most ${megabytes(fileBytes)} MB are read.`,
    {
      bytes: file.size,
      limit: fileBytes,
    },
  );
}

/** SHA-256 of a file, and its bytes. @throws SourceNotFoundError where it can no longer be read */
export async function readPicture(file: File): Promise<{ bytes: Uint8Array<ArrayBuffer>; hash: string }> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new SourceNotFoundError('The file can no longer be read: it was changed, moved or deleted.', {}, { cause });
  }
  return { bytes, hash: await sha256Hex(bytes) };
}

/**
 * Decodes a picture for its thumbnail and reads what it says of itself.
 * @throws ImageFormatError, ImageTooLargeError
 */
export async function preparePicture(
  file: File,
  { bytes, hash }: { bytes: Uint8Array<ArrayBuffer>; hash: string },
  limits: PictureLimits,
): Promise<Prepared> {
  const header = readHeader(bytes);
  const pixels = header.width * header.height;
  if (pixels > limits.pixels) {
    const millions = (count: number) => `${(count / 1e6).toFixed(0)} million pixels`;
    throw new ImageTooLargeError(
      `The picture has ${millions(pixels)}; at most ${millions(limits.pixels)} are decoded.`,
      {
        pixels,
        limit: limits.pixels,
      },
    );
  }
  const facts = await readFacts(bytes, file.lastModified);
  let bitmap = await createImageBitmap(new Blob([bytes], { type: header.mimeType })).catch(() => null);
  if (!bitmap && header.format === 'HEIF') {
    const { image } = await decodePicture(bytes, { maxInputPixels: limits.pixels });
    bitmap = await createImageBitmap(toImageData(image));
  }
  if (!bitmap) {
    throw new ImageFormatError(
      `The ${header.format} file cannot be decoded: it is damaged, or this browser does not know the format.`,
      { format: header.format },
    );
  }
  try {
    const { width, height } = bitmap;
    return { facts: { ...facts, width, height, hash }, thumbnail: await makeThumbnail(bitmap), input: { image: file } };
  } finally {
    bitmap.close();
  }
}

function toImageData({ width, height, data }: RgbImage): ImageData {
  const pixels = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    pixels.data[to] = data[from]!;
    pixels.data[to + 1] = data[from + 1]!;
    pixels.data[to + 2] = data[from + 2]!;
    pixels.data[to + 3] = 255;
  }
  return pixels;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
