/** @file Reads the size of an image from its header, so that it can be refused before anything is decoded. */
import { fileKind } from './file-kind';
import { ImageFormatError } from '../../errors';
import { ByteReader } from '../bytes';
import { readBmpHeader } from './bmp';
import { readGifHeader } from './gif';
import { heifFormat, readHeifHeader } from './heif';
import { readJpegHeader } from './jpeg';
import { PNG_SIGNATURE, readPngHeader } from './png';
import type { ImageFormat, ImageHeader } from './types';
import { readWebpHeader } from './webp';

export type { ImageFormat, ImageHeader } from './types';

/** How many leading bytes {@link sniffFormat} looks at. */
export const SNIFF_BYTES = 272;

/** The format according to the file's first bytes; null if it is none of those read here. */
export function sniffFormat(bytes: Uint8Array): ImageFormat | null {
  const reader = new ByteReader(bytes, 'image');
  if (reader.startsWith(PNG_SIGNATURE)) return 'PNG';
  if (reader.startsWith('\xff\xd8\xff')) return 'JPEG';
  if (reader.startsWith('GIF87a') || reader.startsWith('GIF89a')) return 'GIF';
  if (reader.startsWith('RIFF') && reader.startsWith('WEBP', 8)) return 'WebP';
  if (reader.startsWith('BM')) return 'BMP';
  return bytes.length >= 12 ? heifFormat(bytes) : null;
}

/**
 * Throws {@link ImageFormatError} for bytes that are not an image, and for one that is cut short or contradicts itself.
 */
export function readHeader(bytes: Uint8Array): ImageHeader {
  const format = sniffFormat(bytes);
  switch (format) {
    case 'PNG':
      return readPngHeader(bytes);
    case 'JPEG':
      return readJpegHeader(bytes);
    case 'GIF':
      return readGifHeader(bytes);
    case 'BMP':
      return readBmpHeader(bytes);
    case 'WebP':
      return readWebpHeader(bytes);
    case 'AVIF':
    case 'HEIF':
      return readHeifHeader(bytes, format);
    case null:
      throw notAnImage(bytes);
  }
}

/** The error for bytes that do not begin like a known image. */
export function notAnImage(bytes: Uint8Array): ImageFormatError {
  if (bytes.length === 0) return new ImageFormatError('The image is empty: it has no bytes.', { bytes: 0 });
  const kind = fileKind(bytes);
  return new ImageFormatError(
    `These bytes are not a PNG, JPEG, WebP, GIF, BMP, AVIF or HEIC image (they look like ${kind}).`,
    { bytes: bytes.length, kind },
  );
}
