/** @file Decoding in Node, by sharp (libvips): JPEG, WebP, GIF and AVIF as stored, without colour management. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { ImageFormatError, SourceNotFoundError } from '../errors';
import type { ImageHeader } from './headers';
import type { RgbImage } from './types';

/** Reads a path or `file:` URL. Rejects with {@link SourceNotFoundError}. */
export async function readImageFile(place: URL | string): Promise<Uint8Array> {
  const isUrl = place instanceof URL || place.startsWith('file:');
  try {
    return await readFile(isUrl ? fileURLToPath(place) : place);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new SourceNotFoundError(`The image ${String(place)} cannot be read (${reason}).`, { reason }, { cause });
  }
}

/** Pixels as stored; `bytes` is a file whose header passed the guard. Rejects with {@link ImageFormatError}. */
export async function decodeNative(bytes: Uint8Array, header: ImageHeader): Promise<RgbImage> {
  try {
    const { data, info } = await sharp(bytes, {
      failOn: 'error',
      ignoreIcc: true,
      limitInputPixels: false, // the guard has looked already
      unlimited: false,
    })
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`${info.channels} channels after decoding`);
    return {
      width: info.width,
      height: info.height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new ImageFormatError(
      `The ${header.format} file cannot be decoded here: ${reason}.`,
      { format: header.format, reason },
      { cause },
    );
  }
}
