/** @file GIF header: the logical screen, and that the first frame is whole and lies inside it. */
import { ByteReader } from '../bytes';
import type { ImageHeader } from './types';

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const GRAPHIC_CONTROL = 0xf9;

export interface GifFrame {
  screen: { width: number; height: number };
  left: number;
  top: number;
  width: number;
  height: number;
  interlaced: boolean;
  /** // [colours, 3]; null where the file has none. */
  palette: Uint8Array | null;
  /** Palette index of the transparent colour, or null. */
  transparent: number | null;
  /** Of the byte in front of the pixels' sub-blocks. */
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

function colorTable(reader: ByteReader, offset: number, length: number): Uint8Array | null {
  reader.checked(offset, length);
  return length === 0 ? null : reader.bytes.subarray(offset, offset + length);
}

/** Throws {@link ImageFormatError} where there is no whole first frame inside the screen. */
export function readGifFrame(reader: ByteReader): GifFrame {
  const screen = { width: reader.u16(6, true), height: reader.u16(8, true) };
  const globalBytes = tableBytes(reader.u8(10));
  const globalPalette = colorTable(reader, 13, globalBytes);
  let offset = 13 + globalBytes;
  let transparent: number | null = null;
  for (; reader.u8(offset) === EXTENSION; offset = skipBlocks(reader, offset + 2)) {
    if (reader.u8(offset + 1) !== GRAPHIC_CONTROL) continue;
    transparent = (reader.u8(offset + 3) & 1) === 1 ? reader.u8(offset + 6) : null;
  }
  if (reader.u8(offset) !== IMAGE)
    throw reader.fail(`it holds no picture (block ${reader.u8(offset)} at byte ${offset})`);
  const left = reader.u16(offset + 1, true);
  const top = reader.u16(offset + 3, true);
  const width = reader.u16(offset + 5, true);
  const height = reader.u16(offset + 7, true);
  if (width === 0 || height === 0) throw reader.fail(`its first frame has ${width}×${height} pixels`);
  if (left + width > screen.width || top + height > screen.height) {
    throw reader.fail(
      `its first frame (${width}×${height} at ${left}, ${top}) reaches beyond its screen of ` +
        `${screen.width}×${screen.height} pixels`,
    );
  }
  const flags = reader.u8(offset + 9);
  const localPalette = colorTable(reader, offset + 10, tableBytes(flags));
  const dataOffset = offset + 10 + tableBytes(flags);
  skipBlocks(reader, dataOffset + 1);
  const palette = localPalette ?? globalPalette;
  return { screen, left, top, width, height, interlaced: (flags & 0x40) !== 0, palette, transparent, dataOffset };
}

export function readGifHeader(bytes: Uint8Array): ImageHeader {
  const { screen } = readGifFrame(new ByteReader(bytes, 'GIF'));
  return { format: 'GIF', mimeType: 'image/gif', ...screen, alpha: true, indexed: true, orientation: [] };
}
