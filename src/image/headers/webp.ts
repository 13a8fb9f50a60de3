/** @file WebP header: lossy (VP8), lossless (VP8L) or extended (VP8X, with EXIF and animation). */
import { ByteReader } from '../bytes';
import type { ImageHeader } from './types';

const ALPHA_FLAG = 0x10;

interface Size {
  width: number;
  height: number;
  alpha: boolean;
}

/** Size in the bitstream of a `VP8 ` or `VP8L` chunk at `start`. */
function bitstreamSize(reader: ByteReader, type: string, start: number): Size {
  if (type === 'VP8L') {
    if (reader.u8(start) !== 0x2f) throw reader.fail('its lossless picture lacks the signature byte');
    const packed = reader.u32(start + 1, true);
    return {
      width: (packed & 0x3fff) + 1,
      height: ((packed >>> 14) & 0x3fff) + 1,
      alpha: ((packed >>> 28) & 1) === 1,
    };
  }
  if (reader.u8(start + 3) !== 0x9d || reader.u8(start + 4) !== 0x01 || reader.u8(start + 5) !== 0x2a) {
    throw reader.fail('its lossy picture lacks the start code');
  }
  return {
    width: reader.u16(start + 6, true) & 0x3fff,
    height: reader.u16(start + 8, true) & 0x3fff,
    alpha: false,
  };
}

const u24 = (reader: ByteReader, offset: number) => reader.u16(offset, true) | (reader.u8(offset + 2) << 16);

export function readWebpHeader(bytes: Uint8Array): ImageHeader {
  const reader = new ByteReader(bytes, 'WebP');
  const end = reader.u32(4, true) + 8;
  reader.checked(0, end);
  const exif: ImageHeader['exif'] = [];
  let xmp: ImageHeader['xmp'] = null;
  let canvas: Size | null = null;
  let picture: Size | null = null;
  for (let offset = 12; offset + 8 <= end;) {
    const type = reader.text(offset, 4);
    const length = reader.u32(offset + 4, true);
    const start = offset + 8;
    reader.checked(start, length);
    if (type === 'VP8X' && canvas === null) {
      canvas = {
        width: u24(reader, start + 4) + 1,
        height: u24(reader, start + 7) + 1,
        alpha: (reader.u8(start) & ALPHA_FLAG) !== 0,
      };
    } else if ((type === 'VP8 ' || type === 'VP8L') && picture === null) {
      picture = bitstreamSize(reader, type, start);
    } else if (type === 'ANMF' && picture === null) {
      // Animated: frames lie inside the canvas, and the uncovered canvas is transparent.
      const frame = { width: u24(reader, start + 6) + 1, height: u24(reader, start + 9) + 1, alpha: true };
      if (canvas === null || frame.width > canvas.width || frame.height > canvas.height) {
        throw reader.fail('a frame is larger than the picture');
      }
      picture = { ...canvas, alpha: true };
    } else if (type === 'EXIF' && exif.length === 0) {
      exif.push({ start, end: start + length });
    } else if (type === 'XMP ' && xmp === null) {
      xmp = { start, end: start + length };
    }
    offset = start + length + (length & 1);
  }
  if (picture === null) throw reader.fail('it contains no picture');
  if (canvas !== null && (canvas.width !== picture.width || canvas.height !== picture.height)) {
    throw reader.fail(
      `it declares ${canvas.width}×${canvas.height} pixels but contains ${picture.width}×${picture.height}`,
    );
  }
  const { width, height } = picture;
  if (width === 0 || height === 0) throw reader.fail(`it declares ${width}×${height} pixels`);
  const alpha = picture.alpha || (canvas?.alpha ?? false);
  return { format: 'WebP', mimeType: 'image/webp', width, height, alpha, exif, xmp };
}
