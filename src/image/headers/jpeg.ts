/** @file JPEG header: the frame's size, EXIF, and whether the file reaches its end marker. */
import { ByteReader } from '../bytes';
import { findOrientation } from '../exif';
import type { ImageHeader } from './types';

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP1 = 0xe1;
const EXIF = 'Exif\0\0';

/** Start-of-frame markers: C0 … CF without the tables DHT (C4), JPG (C8) and DAC (CC). */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
/** Markers without a length: TEM and RST0 … RST7. */
const isBare = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);

/** The offset of the marker that ends the compressed data starting at `offset`. */
function endOfScan(reader: ByteReader, offset: number): number {
  let at = offset;
  for (;;) {
    at = reader.bytes.indexOf(0xff, at);
    if (at < 0) at = reader.length;
    const next = reader.u8(at + 1);
    if (next !== 0 && next !== 0xff && !isBare(next)) return at;
    at += next === 0xff ? 1 : 2;
  }
}

export function readJpegHeader(bytes: Uint8Array): ImageHeader {
  const reader = new ByteReader(bytes, 'JPEG');
  const orientation: ImageHeader['orientation'] = [];
  let width = 0;
  let height = 0;
  let cmyk = false;
  let offset = 2; // past SOI
  for (;;) {
    if (reader.u8(offset) !== 0xff) throw reader.fail(`there is no marker at byte ${offset}`);
    const marker = reader.u8(offset + 1);
    if (marker === 0xff) {
      offset += 1; // a fill byte
      continue;
    }
    if (marker === EOI) break;
    if (isBare(marker) || marker === SOI) {
      offset += 2;
      continue;
    }
    const start = offset + 4;
    const length = reader.u16(offset + 2) - 2;
    reader.checked(start, length);
    if (length < 0) throw reader.fail(`the segment at byte ${offset} has no length`);
    if (isFrame(marker)) {
      const frameHeight = reader.u16(start + 1);
      const frameWidth = reader.u16(start + 3);
      if (frameWidth === 0 || frameHeight === 0) throw reader.fail(`it declares ${frameWidth}×${frameHeight} pixels`);
      if (width !== 0) throw reader.fail('it declares its size twice');
      width = frameWidth;
      height = frameHeight;
      cmyk = reader.u8(start + 5) === 4;
    } else if (marker === APP1 && reader.startsWith(EXIF, start)) {
      const tag = findOrientation(bytes, start + EXIF.length, start + length);
      if (tag !== null) orientation.push(tag);
    }
    offset = start + length;
    if (marker === SOS) offset = endOfScan(reader, offset);
  }
  if (width === 0) throw reader.fail('it holds no picture');
  return { format: 'JPEG', mimeType: 'image/jpeg', width, height, alpha: false, cmyk, orientation };
}
