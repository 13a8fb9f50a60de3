/** @file BMP header, of the OS/2 and the Windows kinds, and where the palette and the pixels are. */
import { ByteReader } from '../bytes';
import type { ImageHeader } from './types';

const FILE_HEADER = 14;
const CORE_HEADER = 12;
/** BITMAPINFOHEADER and its successors: V2, V3, OS/2 2.x, V4, V5. */
const INFO_HEADERS = [40, 52, 56, 64, 108, 124];
/** The first header with a mask for alpha; by size, as in Pillow, so OS/2's 64-byte header has one too. */
const ALPHA_HEADER = 56;
const BIT_DEPTHS = [1, 4, 8, 16, 24, 32];
const MAX_COLORS = 1 << 16;

export const BMP_RAW = 0;
export const BMP_RLE8 = 1;
export const BMP_RLE4 = 2;
export const BMP_MASKS = 3;

export interface BmpHeader extends ImageHeader {
  bits: number;
  compression: number;
  /** Rows run from top to bottom; usually it is the other way round. */
  downwards: boolean;
  palette: { offset: number; entryBytes: number; colors: number };
  pixelOffset: number;
  /** Which bits are red, green and blue, at 16 bits and more. */
  masks: [number, number, number];
  /** Which bits are alpha; 0 without alpha. The fourth byte of 32 bits has that meaning only where masks are given. */
  alphaMask: number;
}

/** The channels of pixels without masks of their own. */
function usualMasks(bits: number): BmpHeader['masks'] {
  return bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff];
}

/** Throws {@link ImageFormatError} for a header of an unknown kind, and where pixels would lie inside the header. */
export function readBmpHeader(bytes: Uint8Array): BmpHeader {
  const reader = new ByteReader(bytes, 'BMP');
  const headerBytes = reader.u32(14, true);
  const isCore = headerBytes === CORE_HEADER;
  if (!isCore && !INFO_HEADERS.includes(headerBytes)) {
    throw reader.fail(`its header of ${headerBytes} bytes is of an unknown kind`);
  }
  const width = isCore ? reader.u16(18, true) : reader.u32(18, true);
  const signedHeight = isCore ? reader.u16(20, true) : reader.i32(22, true);
  const height = Math.abs(signedHeight);
  const bits = reader.u16(isCore ? 24 : 28, true);
  const compression = isCore ? BMP_RAW : reader.u32(30, true);
  if (width === 0 || height === 0) throw reader.fail(`it declares ${width}×${height} pixels`);
  if (!BIT_DEPTHS.includes(bits)) throw reader.fail(`it declares ${bits} bits per pixel`);

  let end = FILE_HEADER + headerBytes;
  let masks = usualMasks(bits);
  let alphaMask = 0;
  if (compression === BMP_MASKS) {
    if (bits < 16) throw reader.fail(`it declares channel masks with ${bits} bits per pixel`);
    const at = FILE_HEADER + INFO_HEADERS[0]!; // after the plain header, or inside a longer one
    const given: BmpHeader['masks'] = [reader.u32(at, true), reader.u32(at + 4, true), reader.u32(at + 8, true)];
    // If all masks are zero, Pillow takes the usual ones, and the fourth byte for alpha.
    alphaMask = headerBytes >= ALPHA_HEADER ? reader.u32(at + 12, true) : 0;
    if (given.some((mask) => mask !== 0)) masks = given;
    else if (alphaMask === 0) alphaMask = 0xff000000;
    if (bits !== 32) alphaMask = 0;
    if (headerBytes === INFO_HEADERS[0]) end += 12;
  }
  const entryBytes = isCore ? 3 : 4;
  const indexed = bits <= 8;
  const declared = isCore ? 0 : reader.u32(46, true);
  const colors = indexed ? declared || 1 << bits : 0;
  if (colors > MAX_COLORS) throw reader.fail(`it declares ${colors} colours`);
  // Pixels that are said to start right after the header, or nowhere, start after the palette, as in Pillow.
  const said = reader.u32(10, true);
  const afterPalette = end + colors * entryBytes;
  const pixelOffset = said === 0 || (indexed && said === end) ? afterPalette : said;
  if (pixelOffset < end) throw reader.fail(`its pixels would start at byte ${pixelOffset}, inside its header`);
  return {
    format: 'BMP',
    mimeType: 'image/bmp',
    width,
    height,
    alpha: alphaMask !== 0,
    indexed,
    exif: [],
    xmp: null,
    bits,
    compression,
    downwards: signedHeight < 0,
    palette: { offset: end, entryBytes, colors },
    pixelOffset,
    masks,
    alphaMask,
  };
}
