/** @file Decoding in Node: JPEG and WebP by sharp (libvips), as stored, without colour management; AVIF by libavif. */
import { fileURLToPath } from 'node:url';
import { ImageFormatError, SourceNotFoundError } from '../errors';
import { missingPackage } from '../missing-package';
import { readWhole } from '../read-file.node.js';
import { decodeAvif } from './avif.node.js';
import type { ImageHeader } from './headers';
import { writeRgb, type Transparency } from './transparency';
import type { RgbImage } from './types';

/** Reads a path or `file:` URL. Rejects with {@link SourceNotFoundError}, or the signal's reason. */
export async function readImageFile(place: URL | string, signal?: AbortSignal): Promise<Uint8Array> {
  const path = place instanceof URL || place.startsWith('file:') ? fileURLToPath(place) : place;
  try {
    return await readWhole(path, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new SourceNotFoundError(`The image ${path} cannot be read (${reason}).`, { path, reason }, { cause });
  }
}

/** Inks (0 none, 255 full) → RGB by Pillow's arithmetic. // [n, 4] → [n, 3] */
function cmykToRgb(inks: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((inks.length / 4) * 3);
  for (let from = 0, to = 0; from < inks.length; from += 4, to += 3) {
    const light = 255 - inks[from + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      const product = inks[from + channel]! * light + 128;
      rgb[to + channel] = light - ((product + (product >> 8)) >> 8);
    }
  }
  return rgb;
}

/** Pixels as stored; `bytes` is a file whose header passed the guard. Rejects with {@link ImageFormatError}. */
export async function decodeNative(
  bytes: Uint8Array,
  header: ImageHeader,
  transparency: Transparency = 'drop',
): Promise<RgbImage> {
  if (header.format === 'AVIF') return decodeAvif(bytes, transparency);
  const isMixed = transparency === 'white' && header.alpha && !header.cmyk;
  const { default: sharp } = await import('sharp').catch((cause: unknown) => {
    throw missingPackage('sharp', `Decoding ${header.format} in Node needs`, cause);
  });
  try {
    const image = sharp(bytes, {
      failOn: 'error',
      ignoreIcc: true,
      limitInputPixels: false, // the guard has looked already
    });
    const pixels = header.cmyk
      ? image.pipelineColourspace('cmyk').toColourspace('cmyk')
      : isMixed
        ? image.toColourspace('srgb').ensureAlpha()
        : image.toColourspace('srgb').removeAlpha();
    const { data, info } = await pixels.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    if (channels !== (header.cmyk || isMixed ? 4 : 3)) throw new Error(`${channels} channels after decoding`);
    const samples = new Uint8Array(data.buffer, data.byteOffset, data.length);
    if (!isMixed) return { width, height, data: header.cmyk ? cmykToRgb(samples) : samples };
    const out = new Uint8Array(width * height * 3);
    writeRgb(samples, width * height, { out, transparency });
    return { width, height, data: out };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new ImageFormatError(
      `The ${header.format} file cannot be decoded here: ${reason}.`,
      { format: header.format, reason },
      { cause },
    );
  }
}
