/** @file A file of a folder → all that its row needs but the vector, and what the model is to read. */

import { sha256Hex } from '../../bundle/digest';
import { ImageFormatError, ImageTooLargeError, SourceNotFoundError } from '../../errors';
import { decodePicture, type RgbImage, type Transparency } from '../../image';
import type { PictureLimits } from '../types';
import { readFacts, type Facts } from '../facts/facts';
import type { PictureRow } from '../library/rows';
import type { Thumbnail } from './thumbnail';

/** What the file itself says. */
export type PictureFacts = Facts & Pick<PictureRow, 'width' | 'height' | 'hash'>;

export interface Prepared {
  facts: PictureFacts;
  /** Null where none is wanted. */
  thumbnail: Thumbnail | null;
  /** Upright; null once the model has them. */
  pixels: RgbImage | null;
}

/** Makes the small picture of an upright one; null where none is wanted. */
export type MakeThumbnail = (image: RgbImage) => Promise<Thumbnail | null>;

/** Too large to be read: found without reading. @throws ImageTooLargeError, ImageFormatError */
export function checkFile(file: File, { fileBytes }: PictureLimits): void {
  if (file.size === 0) throw new ImageFormatError('The file is empty.');
  if (file.size <= fileBytes) return;
  throw new ImageTooLargeError(`The file has ${megabytes(file.size)} MB; the limit is ${megabytes(fileBytes)} MB.`, {
    bytes: file.size,
    limit: fileBytes,
  });
}

/** SHA-256 of a file, and its bytes. @throws SourceNotFoundError where it can no longer be read */
export async function readPicture(file: File): Promise<{ bytes: Uint8Array<ArrayBuffer>; hash: string }> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    const refused = (cause as Error).name === 'NotAllowedError';
    const reason = refused
      ? 'The file may not be read'
      : 'The file can no longer be read: it was changed, moved or deleted';
    throw new SourceNotFoundError(`${reason}.`, {}, { cause });
  }
  return { bytes, hash: await sha256Hex(bytes) };
}

export interface PrepareOptions {
  limits: PictureLimits;
  makeThumbnail: MakeThumbnail;
  /** What the model wants of transparent pictures: it is given the pixels. */
  transparency: Transparency;
}

/**
 * Decodes a picture for its size, its thumbnail and the model, and reads what it says of itself.
 * @throws ImageFormatError, ImageTooLargeError
 */
export async function preparePicture(
  file: File,
  { bytes, hash }: { bytes: Uint8Array<ArrayBuffer>; hash: string },
  { limits, makeThumbnail, transparency }: PrepareOptions,
): Promise<Prepared> {
  const facts = await readFacts(bytes, file.lastModified);
  const { image, size } = await decodePicture(bytes, { maxInputPixels: limits.pixels, transparency });
  return { facts: { ...facts, ...size, hash }, thumbnail: await makeThumbnail(image), pixels: image };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
