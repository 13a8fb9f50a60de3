/** @file PNG header (signature and IHDR) and the chunks of the file. */
import { ByteReader } from '../bytes';
import type { ImageHeader } from './types';

export const PNG_SIGNATURE = '\x89PNG\r\n\x1a\n';

/** Bit depths that each colour type allows. */
const DEPTHS: Record<number, readonly number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

export interface PngHeader extends ImageHeader {
  bitDepth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGB + alpha. */
  colorType: number;
  interlaced: boolean;
}

/** One chunk: its data lies at `start … end-1`; the CRC follows unless the file ends there. */
export interface PngChunk {
  type: string;
  start: number;
  end: number;
}

/**
 * Walks the chunks up to IEND, or to something that is not a chunk once the pixels have begun, since no decoder needs
 * what follows them. A truncated chunk of pixels counts with the bytes that it has. Throws {@link ImageFormatError} for
 * damage before the pixels.
 */
export function* pngChunks(reader: ByteReader): Generator<PngChunk> {
  let offset = PNG_SIGNATURE.length;
  let hasPixels = false;
  for (;;) {
    if (hasPixels && offset + 8 > reader.length) return;
    const length = reader.u32(offset);
    const type = reader.text(offset + 4, 4);
    if (hasPixels && !/^[A-Za-z]{4}$/.test(type)) return;
    const start = offset + 8;
    hasPixels ||= type === 'IDAT';
    if (!hasPixels) reader.checked(start, length + 4);
    if (type === 'IEND' || (type !== 'IDAT' && start + length > reader.length)) return;
    yield { type, start, end: Math.min(start + length, reader.length) };
    offset = start + length + 4;
  }
}

export function readPngHeader(bytes: Uint8Array): PngHeader {
  const reader = new ByteReader(bytes, 'PNG');
  if (reader.u32(8) !== 13 || reader.text(12, 4) !== 'IHDR') throw reader.fail('it does not start with IHDR');
  const width = reader.u32(16);
  const height = reader.u32(20);
  const bitDepth = reader.u8(24);
  const colorType = reader.u8(25);
  const interlace = reader.u8(28);
  if (width === 0 || height === 0 || width > 0x7fffffff || height > 0x7fffffff) {
    throw reader.fail(`it declares ${width}×${height} pixels`);
  }
  if (!DEPTHS[colorType]?.includes(bitDepth)) {
    throw reader.fail(`it declares colour type ${colorType} with ${bitDepth} bits`);
  }
  if (reader.u8(26) !== 0 || reader.u8(27) !== 0 || interlace > 1) {
    throw reader.fail('it declares an unknown compression, filter or interlace method');
  }
  return {
    format: 'PNG',
    mimeType: 'image/png',
    width,
    height,
    alpha: true,
    indexed: colorType === 3 || (colorType === 0 && bitDepth === 1),
    exif: [],
    xmp: null,
    bitDepth,
    colorType,
    interlaced: interlace === 1,
  };
}
