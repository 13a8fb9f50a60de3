/** @file Prepares a file: everything that its row needs except the vector, and the input for the model. */

import { sha256Hex } from '../../bundle/digest';
import { ImageFormatError, ImageTooLargeError, SourceNotFoundError, VLM2VecError } from '../../errors';
import { decodePicture, type RgbImage, type Transparency } from '../../image';
import type { PictureLimits } from '../types';
import { readFacts, type Facts } from '../facts/facts';
import type { PictureRow } from '../library/rows';
import type { Thumbnail } from './thumbnail';

/** The file's metadata. */
export type PictureFacts = Facts & Pick<PictureRow, 'width' | 'height' | 'hash'>;

export interface Prepared {
  facts: PictureFacts;
  /** Null if none is wanted. */
  thumbnail: Thumbnail | null;
  /** Upright; null once the model has them. */
  pixels: RgbImage | null;
}

/** Makes the thumbnail of an upright picture; null if none is wanted. */
export type MakeThumbnail = (image: RgbImage) => Promise<Thumbnail | null>;

/** Refuses files that are too large, without reading them. @throws ImageTooLargeError, ImageFormatError */
export function checkFile(file: File, { fileBytes }: PictureLimits): void {
  if (file.size === 0) throw new ImageFormatError('The file is empty.');
  if (file.size <= fileBytes) return;
  throw new ImageTooLargeError(`The file has ${megabytes(file.size)} MB; the limit is ${megabytes(fileBytes)} MB.`, {
    bytes: file.size,
    limit: fileBytes,
  });
}

/** SHA-256 of a file, and its bytes. @throws SourceNotFoundError if it can no longer be read */
export async function readPicture(file: File): Promise<{ bytes: Uint8Array<ArrayBuffer>; hash: string }> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    if (cause instanceof VLM2VecError) throw cause; // it says why
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
  /** How the model wants transparency treated, since it is given pixels. */
  transparency: Transparency;
}

/**
 * Decodes a picture for its size, its thumbnail and the model, and reads its metadata.
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
