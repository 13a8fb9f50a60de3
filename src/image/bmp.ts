/**
 * @file BMP → RGB, the same in a page, a worker and Node: uncompressed and run-length encoded, of 1 to 32 bits. Alpha is
 * what Pillow takes for it: that of 32 bits with a mask of its own.
 */
import { ImageFormatError } from '../errors';
import { unpackRuns } from './bmp-runs';
import { ByteReader } from './bytes';
import { BMP_MASKS, BMP_RAW, BMP_RLE4, BMP_RLE8, readBmpHeader, type BmpHeader } from './headers/bmp';
import { overWhite, type Transparency } from './transparency';
import type { RgbImage } from './types';

/** Throws {@link ImageFormatError} for a truncated or damaged file, and for a compression of another format. */
export function decodeBmp(bytes: Uint8Array, transparency: Transparency = 'drop'): RgbImage {
  const header = readBmpHeader(bytes);
  const reader = new ByteReader(bytes, 'BMP');
  const { compression, bits, width, height } = header;
  const indices = compression === BMP_RLE8 || compression === BMP_RLE4;
  if (indices && bits !== (compression === BMP_RLE8 ? 8 : 4)) {
    throw reader.fail(`it declares run lengths of ${compression === BMP_RLE8 ? 8 : 4} bits and pixels of ${bits}`);
  }
  if (!indices && compression !== BMP_RAW && compression !== BMP_MASKS) {
    throw new ImageFormatError(`The BMP file cannot be decoded: its compression ${compression} is not supported.`, {
      format: 'BMP',
      compression,
    });
  }
  const data = new Uint8Array(width * height * 3);
  if (indices) fromRuns(reader, header, data);
  else if (bits <= 8) fromIndices(reader, header, data);
  else fromChannels(reader, header, { out: data, isMixed: transparency === 'white' });
  return { width, height, data };
}

/** Bytes of an uncompressed row; rows are padded to four bytes. */
const strideOf = ({ width, bits }: BmpHeader) => Math.ceil((width * bits) / 32) * 4;

/** Which row of the picture is the `index`-th of the file. */
const rowOf = ({ height, downwards }: BmpHeader, index: number) => (downwards ? index : height - 1 - index);

/** The palette as RGB; colours that it does not have are black. // [256, 3] */
function readPalette(reader: ByteReader, { palette }: BmpHeader): Uint8Array {
  const rgb = new Uint8Array(256 * 3);
  const colors = Math.min(256, palette.colors);
  reader.checked(palette.offset, colors * palette.entryBytes);
  for (let i = 0; i < colors; i++) {
    const from = palette.offset + i * palette.entryBytes;
    for (let channel = 0; channel < 3; channel++) rgb[3 * i + channel] = reader.bytes[from + 2 - channel]!; // blue first
  }
  return rgb;
}

function fromIndices(reader: ByteReader, header: BmpHeader, out: Uint8Array): void {
  const { width, height, bits, pixelOffset } = header;
  const { bytes } = reader;
  const palette = readPalette(reader, header);
  const stride = strideOf(header);
  reader.checked(pixelOffset, stride * height);
  for (let y = 0; y < height; y++) {
    const row = pixelOffset + y * stride;
    let to = rowOf(header, y) * width * 3;
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      const index = (bytes[row + (bit >> 3)]! >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
      out[to++] = palette[3 * index]!;
      out[to++] = palette[3 * index + 1]!;
      out[to++] = palette[3 * index + 2]!;
    }
  }
}

function fromRuns(reader: ByteReader, header: BmpHeader, out: Uint8Array): void {
  const { width, height } = header;
  const palette = readPalette(reader, header);
  const indices = unpackRuns(reader, header);
  for (let y = 0; y < height; y++) {
    let to = rowOf(header, y) * width * 3;
    for (let x = 0; x < width; x++) {
      const index = indices[y * width + x]!;
      out[to++] = palette[3 * index]!;
      out[to++] = palette[3 * index + 1]!;
      out[to++] = palette[3 * index + 2]!;
    }
  }
}

/** For each value of a channel that `mask` picks: where it lies, and the byte that it stands for. */
function channel(reader: ByteReader, mask: number): { shift: number; max: number } {
  if (mask === 0) return { shift: 0, max: 0 };
  const shift = 31 - Math.clz32(mask & -mask);
  const max = mask >>> shift;
  if ((max & (max + 1)) !== 0) throw reader.fail(`its channel mask ${mask.toString(16)} has gaps`);
  return { shift, max };
}

/** The byte that a channel's bits stand for. */
const toByte = (value: number, max: number) => (max === 255 ? value : max === 0 ? 0 : Math.floor((value * 255) / max)); // Pillow rounds down

function fromChannels(
  reader: ByteReader,
  header: BmpHeader,
  { out, isMixed }: { out: Uint8Array; isMixed: boolean },
): void {
  const { width, height, bits, pixelOffset, alphaMask } = header;
  const { bytes } = reader;
  const channels = header.masks.map((mask) => channel(reader, mask));
  const alpha = isMixed && alphaMask !== 0 ? channel(reader, alphaMask) : null;
  const pixelBytes = bits / 8;
  const stride = strideOf(header);
  reader.checked(pixelOffset, stride * height);
  for (let y = 0; y < height; y++) {
    let from = pixelOffset + y * stride;
    let to = rowOf(header, y) * width * 3;
    for (let x = 0; x < width; x++, from += pixelBytes) {
      let pixel = bytes[from]! | (bytes[from + 1]! << 8);
      if (bits > 16) pixel |= bytes[from + 2]! << 16;
      if (bits === 32) pixel |= bytes[from + 3]! << 24;
      const opacity = alpha === null ? 255 : toByte((pixel >>> alpha.shift) & alpha.max, alpha.max);
      for (const { shift, max } of channels) {
        const value = toByte((pixel >>> shift) & max, max);
        out[to++] = opacity === 255 ? value : overWhite(value, opacity);
      }
    }
  }
}
