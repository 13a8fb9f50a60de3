/**
 * @file The first frame of a GIF → RGB as Pillow gives it: a transparent pixel has its palette colour (a browser makes
 * it black), and where the frame leaves the screen bare, the transparent colour or the palette's first shows.
 */
import { ByteReader } from './bytes';
import { readGifFrame, type GifFrame } from './headers/gif';
import type { RgbImage } from './types';

/** Codes have at most 12 bits. */
const MAX_CODES = 4096;
/** The rows of an interlaced frame, in the order of the file. */
const INTERLACE = [
  { first: 0, step: 8 },
  { first: 4, step: 8 },
  { first: 2, step: 4 },
  { first: 1, step: 2 },
];

/** The frame's data sub-blocks as one piece: up to the empty one, or to the end of the file. */
function joinBlocks(bytes: Uint8Array, offset: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let at = offset, length = bytes[at]; length; at += length + 1, length = bytes[at]) {
    const part = bytes.subarray(at + 1, at + 1 + length);
    parts.push(part);
    total += part.length;
  }
  const joined = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Palette indices of `count` pixels, by GIF's variable-width LZW. */
function unpack(reader: ByteReader, codes: Uint8Array, literalBits: number, count: number): Uint8Array {
  if (literalBits < 1 || literalBits > 8) throw reader.fail(`its pixels have ${literalBits} bits`);
  const clear = 1 << literalBits;
  const end = clear + 1;
  const prefix = new Uint16Array(MAX_CODES);
  const suffix = new Uint8Array(MAX_CODES);
  const lengths = new Uint16Array(MAX_CODES).fill(1);
  for (let i = 0; i < clear; i++) suffix[i] = i;
  const pixels = new Uint8Array(count);
  let size = end + 1;
  let width = literalBits + 1;
  let previous = -1;
  let bits = 0;
  let buffer = 0;
  let read = 0;
  let written = 0;

  while (written < count) {
    while (bits < width) {
      if (read >= codes.length) throw reader.fail('its pixels end too early');
      buffer |= codes[read++]! << bits;
      bits += 8;
    }
    const code = buffer & ((1 << width) - 1);
    buffer >>>= width;
    bits -= width;
    if (code === clear) {
      size = end + 1;
      width = literalBits + 1;
      previous = -1;
      continue;
    }
    if (code === end) throw reader.fail('its pixels end too early');
    const isNew = code === size && previous >= 0; // the entry that this very code completes
    if (code > size || (code === size && !isNew) || (previous < 0 && code > end)) {
      throw reader.fail('its compressed pixels make no sense');
    }
    // The string of `code` is written from its end: each entry is a prefix and one more pixel.
    const source = isNew ? previous : code;
    const length = lengths[source]!;
    let entry = source;
    for (let at = written + length - 1; at >= written; at--) {
      if (at < count) pixels[at] = suffix[entry]!;
      entry = prefix[entry]!;
    }
    const first = pixels[written]!;
    if (isNew && written + length < count) pixels[written + length] = first;
    if (previous >= 0 && size < MAX_CODES) {
      prefix[size] = previous;
      suffix[size] = first;
      lengths[size] = lengths[previous]! + 1;
      size++;
      if (size === 1 << width && width < 12) width++;
    }
    written += isNew ? length + 1 : length;
    previous = code;
  }
  return pixels;
}

/** The frame's rows from top to bottom: entry i says where the i-th row of the file belongs. */
function rowOrder({ height, interlaced }: GifFrame): number[] {
  const rows: number[] = [];
  for (const { first, step } of interlaced ? INTERLACE : [{ first: 0, step: 1 }]) {
    for (let row = first; row < height; row += step) rows.push(row);
  }
  return rows;
}

/** Decodes the first frame. Throws {@link ImageFormatError} for a truncated or damaged file. */
export function decodeGif(bytes: Uint8Array): RgbImage {
  const reader = new ByteReader(bytes, 'GIF');
  const frame = readGifFrame(reader);
  const { screen, palette } = frame;
  const literalBits = reader.u8(frame.dataOffset);
  const codes = joinBlocks(bytes, frame.dataOffset + 1);
  const pixels = unpack(reader, codes, literalBits, frame.width * frame.height);

  const indices = new Uint8Array(screen.width * screen.height).fill(frame.transparent ?? 0);
  for (const [i, row] of rowOrder(frame).entries()) {
    const target = (frame.top + row) * screen.width + frame.left;
    indices.set(pixels.subarray(i * frame.width, (i + 1) * frame.width), target);
  }
  const data = new Uint8Array(indices.length * 3);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    for (let channel = 0; channel < 3; channel++) {
      // Without any palette an index is a shade of grey; beyond the palette's end it is black.
      data[3 * i + channel] = palette === null ? index : (palette[3 * index + channel] ?? 0);
    }
  }
  return { width: screen.width, height: screen.height, data };
}
