/** @file GIF header: the logical screen, and that the first frame is whole and lies inside it. */
import { ByteReader } from '../bytes';
import type { ImageHeader } from './types';

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const GRAPHIC_CONTROL = 0xf9;

/** Bytes of a colour table whose size is in the low three bits of `flags`; 0 where there is none. */
const tableBytes = (flags: number) => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));

/** Skips data sub-blocks; returns the offset after the empty one that ends them. */
function skipBlocks(reader: ByteReader, offset: number): number {
  let at = offset;
  for (let length = reader.u8(at); length !== 0; length = reader.u8(at)) at += length + 1;
  return at + 1;
}

export function readGifHeader(bytes: Uint8Array): ImageHeader {
  const reader = new ByteReader(bytes, 'GIF');
  const width = reader.u16(6, true);
  const height = reader.u16(8, true);
  if (width === 0 || height === 0) throw reader.fail(`it declares ${width}×${height} pixels`);
  let offset = 13 + tableBytes(reader.u8(10));
  let transparent = false;
  for (;;) {
    const block = reader.u8(offset);
    if (block === EXTENSION) {
      if (reader.u8(offset + 1) === GRAPHIC_CONTROL) transparent = (reader.u8(offset + 3) & 1) === 1;
      offset = skipBlocks(reader, offset + 2);
      continue;
    }
    if (block !== IMAGE) throw reader.fail(`it holds no picture (block ${block} at byte ${offset})`);
    const left = reader.u16(offset + 1, true);
    const top = reader.u16(offset + 3, true);
    const frameWidth = reader.u16(offset + 5, true);
    const frameHeight = reader.u16(offset + 7, true);
    if (left + frameWidth > width || top + frameHeight > height) {
      throw reader.fail(`its first frame (${frameWidth}×${frameHeight}) reaches beyond its ${width}×${height} pixels`);
    }
    skipBlocks(reader, offset + 11 + tableBytes(reader.u8(offset + 9)));
    const covers = frameWidth === width && frameHeight === height;
    return { format: 'GIF', mimeType: 'image/gif', width, height, alpha: transparent || !covers, orientation: [] };
  }
}
