/**
 * @file GIF header: the logical screen and the first frame. Whether the frame is complete is for the decoder to find
 * out.
 */
import { ByteReader } from '../bytes';
import type { ImageHeader } from './types';

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;
const GRAPHIC_CONTROL = 0xf9;

export interface GifFrame {
  screen: { width: number; height: number };
  left: number;
  top: number;
  width: number;
  height: number;
  interlaced: boolean;
  /** // [colours, 3]; null if indices are grey levels. */
  palette: Uint8Array | null;
  /** Palette index of the transparent colour, or null. */
  transparent: number | null;
  /** Offset of the byte in front of the pixels' sub-blocks. */
  dataOffset: number;
}

/** Bytes of a colour table whose size is in the low three bits of `flags`; 0 where there is none. */
const tableBytes = (flags: number) => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));

/** Skips data sub-blocks; returns the offset after the empty one that ends them. */
function skipBlocks(reader: ByteReader, offset: number): number {
  let at = offset;
  for (let length = reader.u8(at); length !== 0; length = reader.u8(at)) at += length + 1;
  return at + 1;
}

/**
 * Null if there is no table, or if it holds the greys 0, 1, 2 …: then an index is a grey level, even beyond the table's
 * end.
 */
function colorTable(reader: ByteReader, offset: number, length: number): Uint8Array | null {
  reader.checked(offset, length);
  const table = reader.bytes.subarray(offset, offset + length);
  return table.every((value, i) => value === Math.floor(i / 3)) ? null : table;
}

/**
 * The first frame, and the screen that holds it; a smaller screen grows, as in Pillow and in browsers.
 * Throws {@link ImageFormatError} if there is none.
 */
export function readGifFrame(reader: ByteReader): GifFrame {
  const globalBytes = tableBytes(reader.u8(10));
  const globalPalette = colorTable(reader, 13, globalBytes);
  let offset = 13 + globalBytes;
  let transparent: number | null = null;
  for (let block = reader.u8(offset); block !== IMAGE; block = reader.u8(offset)) {
    if (block === TRAILER) throw reader.fail('it contains no picture');
    if (block !== EXTENSION) {
      offset += 1; // stray bytes between blocks
      continue;
    }
    const isControl = reader.u8(offset + 1) === GRAPHIC_CONTROL && reader.u8(offset + 2) >= 4;
    if (isControl && (reader.u8(offset + 3) & 1) === 1) transparent = reader.u8(offset + 6);
    offset = skipBlocks(reader, offset + 2);
  }
  const left = reader.u16(offset + 1, true);
  const top = reader.u16(offset + 3, true);
  const width = reader.u16(offset + 5, true);
  const height = reader.u16(offset + 7, true);
  if (width === 0 || height === 0) throw reader.fail(`its first frame has ${width}×${height} pixels`);
  const screen = {
    width: Math.max(reader.u16(6, true), left + width),
    height: Math.max(reader.u16(8, true), top + height),
  };
  const flags = reader.u8(offset + 9);
  const localBytes = tableBytes(flags);
  const palette = localBytes > 0 ? colorTable(reader, offset + 10, localBytes) : globalPalette;
  const dataOffset = offset + 10 + localBytes;
  reader.checked(dataOffset, 1);
  return { screen, left, top, width, height, interlaced: (flags & 0x40) !== 0, palette, transparent, dataOffset };
}

export function readGifHeader(bytes: Uint8Array): ImageHeader {
  const { screen } = readGifFrame(new ByteReader(bytes, 'GIF'));
  return { format: 'GIF', mimeType: 'image/gif', ...screen, alpha: true, indexed: true, exif: [], xmp: null };
}
