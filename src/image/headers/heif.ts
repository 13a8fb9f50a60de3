/** @file AVIF and HEIC header: the `ispe` (spatial extents) properties of the file's items. */
import { ByteReader } from '../bytes';
import type { ImageFormat, ImageHeader } from './types';

const AVIF_BRANDS = new Set(['avif', 'avis']);
const HEIC_BRANDS = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1']);
const MAX_BRANDS = 64;

interface Box {
  type: string;
  start: number;
  end: number;
}

/** The boxes inside `start … end-1`. */
function* boxes(reader: ByteReader, start: number, end: number): Generator<Box> {
  for (let offset = start; offset + 8 <= end;) {
    let length = reader.u32(offset);
    const type = reader.text(offset + 4, 4);
    let header = 8;
    if (length === 1) {
      length = reader.u32(offset + 8) * 2 ** 32 + reader.u32(offset + 12);
      header = 16;
    } else if (length === 0) {
      length = end - offset; // to the end
    }
    if (length < header || offset + length > end) throw reader.fail(`box ${JSON.stringify(type)} has a wrong length`);
    yield { type, start: offset + header, end: offset + length };
    offset += length;
  }
}

/** The contents of the first box of each name on `path`, each inside the one before. */
function find(reader: ByteReader, path: readonly string[]): Box | null {
  let within: Box = { type: '', start: 0, end: reader.length };
  for (const name of path) {
    let found: Box | null = null;
    for (const box of boxes(reader, within.start, within.end)) {
      if (box.type === name) {
        found = box;
        break;
      }
    }
    if (found === null) return null;
    // `meta` has version and flags before its boxes.
    within = name === 'meta' ? { ...found, start: found.start + 4 } : found;
  }
  return within;
}

/** `AVIF` or `HEIF` by the brands in `ftyp`; null for other files of this family (MP4 and the like). */
export function heifFormat(bytes: Uint8Array): ImageFormat | null {
  const reader = new ByteReader(bytes, 'HEIF');
  if (!reader.startsWith('ftyp', 4)) return null;
  const end = Math.min(reader.u32(0), reader.length, 16 + 4 * MAX_BRANDS);
  const brands: string[] = [];
  for (let offset = 8; offset + 4 <= end; offset += 4) {
    if (offset !== 12) brands.push(reader.text(offset, 4)); // 12: the minor version
  }
  if (brands.some((brand) => AVIF_BRANDS.has(brand))) return 'AVIF';
  return brands.some((brand) => HEIC_BRANDS.has(brand)) ? 'HEIF' : null;
}

export function readHeifHeader(bytes: Uint8Array, format: ImageFormat): ImageHeader {
  const reader = new ByteReader(bytes, format);
  const properties = find(reader, ['meta', 'iprp', 'ipco']);
  if (properties === null) throw reader.fail('it declares no picture');
  let width = 0;
  let height = 0;
  for (const { type, start } of boxes(reader, properties.start, properties.end)) {
    if (type !== 'ispe') continue;
    const itemWidth = reader.u32(start + 4);
    const itemHeight = reader.u32(start + 8);
    // The largest of picture, tiles, thumbnails and alpha plane: what must be decoded at most.
    if (itemWidth * itemHeight > width * height) {
      width = itemWidth;
      height = itemHeight;
    }
  }
  if (width === 0 || height === 0) throw reader.fail('it declares no size');
  const mimeType = format === 'AVIF' ? 'image/avif' : 'image/heic';
  return { format, mimeType, width, height, alpha: true, orientation: [] };
}
