/**
 * @file Uncompressed BMP of 1, 4, 8, 24 or 32 bits → RGB, for Node (sharp reads none). Alpha is dropped, as Pillow does.
 */
import { ByteReader } from './bytes';
import type { RgbImage } from './types';

const CORE_HEADER = 12;
const PALETTE_BITS = [1, 4, 8];

/** Null for the rarer kinds: 16 bits, run lengths, unusual channel masks. `bytes` passed the header's checks. */
export function decodeBmp(bytes: Uint8Array): RgbImage | null {
  const reader = new ByteReader(bytes, 'BMP');
  const pixelOffset = reader.u32(10, true);
  const headerBytes = reader.u32(14, true);
  const isCore = headerBytes === CORE_HEADER;
  const width = isCore ? reader.u16(18, true) : reader.i32(18, true);
  const signedHeight = isCore ? reader.u16(20, true) : reader.i32(22, true);
  const height = Math.abs(signedHeight);
  const bits = reader.u16(isCore ? 24 : 28, true);
  const compression = isCore ? 0 : reader.u32(30, true);
  if (compression !== 0 && !hasPlainMasks(reader, compression, bits)) return null;
  if (!PALETTE_BITS.includes(bits) && bits !== 24 && bits !== 32) return null;

  const stride = Math.ceil((width * bits) / 32) * 4;
  reader.checked(pixelOffset, stride * height);
  const entryBytes = isCore ? 3 : 4;
  const paletteOffset = 14 + headerBytes;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = pixelOffset + (signedHeight < 0 ? y : height - 1 - y) * stride;
    for (let x = 0; x < width; x++) {
      let from: number;
      if (bits >= 24) {
        from = row + x * (bits / 8);
      } else {
        const bit = x * bits;
        const index = (bytes[row + (bit >> 3)]! >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
        from = paletteOffset + index * entryBytes;
        if (from + 3 > pixelOffset) continue; // beyond the palette: black
      }
      const to = (y * width + x) * 3;
      data[to] = bytes[from + 2]!; // stored blue, green, red
      data[to + 1] = bytes[from + 1]!;
      data[to + 2] = bytes[from]!;
    }
  }
  return { width, height, data };
}

/** Whether explicit channel masks say what 32 bits mean anyway. */
function hasPlainMasks(reader: ByteReader, compression: number, bits: number): boolean {
  if (compression !== 3 || bits !== 32) return false;
  return reader.u32(54, true) === 0xff0000 && reader.u32(58, true) === 0xff00 && reader.u32(62, true) === 0xff;
}
