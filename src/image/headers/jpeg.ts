/**
 * @file JPEG header: the frame's size, EXIF and XMP, and whether the file reaches its end marker. Stray bytes and wrong
 * segment lengths are passed over as libjpeg does: whether they make a picture is for the decoder to say.
 */
import { ByteReader } from '../bytes';
import type { ImageHeader } from './types';

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP1 = 0xe1;
const EXIF = 'Exif\0\0';
const XMP = 'http://ns.adobe.com/xap/1.0/\0';

/** Start-of-frame markers: C0 … CF without the tables DHT (C4), JPG (C8) and DAC (CC). */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
/** Markers without a length: TEM, RST0 … RST7 and a repeated SOI. */
const isBare = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7) || marker === SOI;

/** The offset after the FF of the next marker; what lies between, including FF00 and fill bytes, is skipped. */
function nextMarker(reader: ByteReader, offset: number): number {
  let at = offset;
  for (;;) {
    at = reader.bytes.indexOf(0xff, at);
    if (at < 0) at = reader.length;
    while (reader.u8(at) === 0xff) at++; // a read past the end means that the file is truncated
    if (reader.u8(at) !== 0) return at;
  }
}

export function readJpegHeader(bytes: Uint8Array): ImageHeader {
  const reader = new ByteReader(bytes, 'JPEG');
  const header: ImageHeader = {
    format: 'JPEG',
    mimeType: 'image/jpeg',
    width: 0,
    height: 0,
    alpha: false,
    cmyk: false,
    exif: [],
    xmp: null,
  };
  let offset = 2; // past SOI
  for (;;) {
    const at = nextMarker(reader, offset);
    const marker = reader.u8(at);
    if (marker === EOI) break;
    offset = at + 1;
    if (isBare(marker)) continue;
    const start = at + 3;
    const length = Math.max(0, reader.u16(at + 1) - 2); // a length below two counts as two
    reader.checked(start, length);
    if (isFrame(marker)) {
      const frameHeight = reader.u16(start + 1);
      const frameWidth = reader.u16(start + 3);
      if (frameWidth === 0 || frameHeight === 0) throw reader.fail(`it declares ${frameWidth}×${frameHeight} pixels`);
      if (header.width !== 0) throw reader.fail('it declares its size twice');
      header.width = frameWidth;
      header.height = frameHeight;
      header.cmyk = reader.u8(start + 5) === 4;
    } else if (marker === APP1 && reader.startsWith(EXIF, start)) {
      // Later segments continue where the first one ends.
      header.exif.push({ start: start + (header.exif.length > 0 ? EXIF.length : 0), end: start + length });
    } else if (marker === APP1 && reader.startsWith(XMP, start)) {
      header.xmp = { start: start + XMP.length, end: start + length };
    }
    offset = start + length;
    if (marker === SOS) offset = endOfScan(reader, offset);
  }
  if (header.width === 0) throw reader.fail('it contains no picture');
  return header;
}

/** The offset of the marker that ends the compressed data starting at `offset`. */
function endOfScan(reader: ByteReader, offset: number): number {
  let at = nextMarker(reader, offset);
  while (isBare(reader.u8(at)) && reader.u8(at) !== SOI) at = nextMarker(reader, at + 1);
  return at - 1;
}
