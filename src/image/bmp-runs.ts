/** @file The run lengths of BMP (RLE8, RLE4) → palette indices, as Pillow unpacks them. */
import type { ByteReader } from './bytes';
import { BMP_RLE4, type BmpHeader } from './headers/bmp';

const END_OF_LINE = 0;
const END_OF_BITMAP = 1;
const DELTA = 2;

/**
 * Rows in the order of the file. Pixels that are jumped over have index 0. // [height, width]
 * Throws {@link ImageFormatError} where they end before the picture does, as Pillow does.
 */
export function unpackRuns(reader: ByteReader, { width, height, compression, pixelOffset }: BmpHeader): Uint8Array {
  const { bytes } = reader;
  const isHalf = compression === BMP_RLE4; // two pixels in a byte
  const pixels = new Uint8Array(width * height);
  const pixelAt = (at: number, i: number) =>
    isHalf ? (i % 2 === 0 ? bytes[at + (i >> 1)]! >> 4 : bytes[at + (i >> 1)]! & 15) : bytes[at + i]!;
  let written = 0;
  let x = 0;
  let at = pixelOffset;
  while (written < pixels.length && at + 2 <= bytes.length) {
    const count = bytes[at]!;
    const code = bytes[at + 1]!;
    at += 2;
    if (count > 0) {
      const run = Math.max(0, Math.min(count, width - x)); // what a run has beyond its row is dropped
      for (let i = 0; i < run; i++) pixels[written + i] = isHalf ? (i % 2 === 0 ? code >> 4 : code & 15) : code;
      written += run;
      x += run;
    } else if (code === END_OF_LINE) {
      written = Math.ceil(written / width) * width;
      x = 0;
    } else if (code === END_OF_BITMAP) {
      break;
    } else if (code === DELTA) {
      reader.checked(at, 2);
      written += bytes[at]! + bytes[at + 1]! * width;
      x = written % width;
      at += 2;
    } else {
      const length = Math.min(code, pixels.length - written);
      const stored = isHalf ? Math.ceil(length / 2) : length;
      reader.checked(at, stored);
      for (let i = 0; i < length; i++) pixels[written + i] = pixelAt(at, i);
      written += length;
      x += code;
      at += stored;
      at += at % 2; // aligned to 16 bits, counted from the file's first byte
    }
  }
  if (written < pixels.length) throw reader.fail('its pixels end too early');
  return pixels;
}
