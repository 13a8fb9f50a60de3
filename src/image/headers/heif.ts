/**
 * @file AVIF and HEIC header: the primary item and its properties, namely size (`ispe`), crop (`clap`), rotation
 * (`irot`) and mirroring (`imir`).
 */
import { ByteReader } from '../bytes';
import type { ImageFormat, ImageHeader } from './types';

const AVIF_BRANDS = new Set(['avif', 'avis']);
const HEIC_BRANDS = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1']);
const MAX_BRANDS = 64;
const FREE = [0x66, 0x72, 0x65, 0x65];
const AVIF = [0x61, 0x76, 0x69, 0x66];
/** Boxes whose contents begin with version and flags. */
const FULL_BOXES = new Set(['meta', 'pitm', 'ipma']);

interface Box {
  type: string;
  /** Offset of its name. */
  nameAt: number;
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
    yield { type, nameAt: offset + 4, start: offset + header, end: offset + length };
    offset += length;
  }
}

/** The first box with a given name inside `within`; if the box has a version and flags, what follows these. */
function child(reader: ByteReader, within: Box, name: string): Box | null {
  for (const box of boxes(reader, within.start, within.end)) {
    if (box.type === name) return FULL_BOXES.has(name) ? { ...box, start: box.start + 4 } : box;
  }
  return null;
}

/** `AVIF` or `HEIF` by the brands in `ftyp`; null for other files of the family (MP4 and the like). */
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

/** The number in `pitm`; null where the file names no primary item. */
function primaryItem(reader: ByteReader, meta: Box): number | null {
  const box = child(reader, meta, 'pitm');
  if (box === null) return null;
  const version = reader.u8(box.start - 4);
  return version === 0 ? reader.u16(box.start) : reader.u32(box.start);
}

/** A property of an item, and where the file assigns it. */
interface ItemProperty extends Box {
  item: number;
  /** Offset of the byte whose highest bit says that a decoder must support the property. */
  essentialAt: number;
}

/** The properties of all items, in the order in which they apply (`ipma`). Items may share a property. */
function itemProperties(reader: ByteReader, properties: Box, all: readonly Box[]): ItemProperty[] {
  const box = child(reader, properties, 'ipma');
  if (box === null) return [];
  const version = reader.u8(box.start - 4);
  const isWide = (reader.u8(box.start - 1) & 1) === 1;
  const found: ItemProperty[] = [];
  let at = box.start + 4;
  for (let entries = reader.u32(box.start); entries > 0; entries--) {
    const item = version === 0 ? reader.u16(at) : reader.u32(at);
    at += version === 0 ? 2 : 4;
    for (let count = reader.u8(at++); count > 0; count--, at += isWide ? 2 : 1) {
      const index = isWide ? reader.u16(at) & 0x7fff : reader.u8(at) & 0x7f;
      const property = all[index - 1];
      if (property !== undefined) found.push({ ...property, item, essentialAt: at });
    }
  }
  return found;
}

interface Extent {
  width: number;
  height: number;
}

/** Reads `ispe`, without version and flags. */
function extent(reader: ByteReader, { start }: Box): Extent {
  return { width: reader.u32(start + 4), height: reader.u32(start + 8) };
}

/** `clap`: the part of the picture that is to be shown, in fractions. */
function cropped(reader: ByteReader, { start }: Box, size: Extent): Extent {
  const side = (at: number, whole: number) => Math.min(whole, Math.round(reader.u32(at) / reader.u32(at + 4)) || whole);
  return { width: side(start, size.width), height: side(start + 8, size.height) };
}

/** Rotation and mirroring, in this order, as an EXIF orientation. */
function exifTurn(quarters: number, mirror: number | null): number {
  if (mirror === null) return [1, 8, 3, 6][quarters]!;
  return (mirror === 0 ? [4, 5, 2, 7] : [2, 7, 4, 5])[quarters]!;
}

/** The largest of the tracks, for a sequence without a still picture. */
function trackSize(reader: ByteReader, file: Box): Extent {
  const movie = child(reader, file, 'moov');
  let largest: Extent = { width: 0, height: 0 };
  if (movie === null) return largest;
  for (const track of boxes(reader, movie.start, movie.end)) {
    const header = track.type === 'trak' ? child(reader, track, 'tkhd') : null;
    if (header === null) continue;
    // The last two fields, in 16.16 bits.
    const size = { width: reader.u32(header.end - 8) >>> 16, height: reader.u32(header.end - 4) >>> 16 };
    if (size.width * size.height > largest.width * largest.height) largest = size;
  }
  return largest;
}

/**
 * For HEIC, the size is that of the picture as its decoder returns it: cropped and turned. AVIF is turned afterwards,
 * as in Pillow, so its size is the one before.
 */
export function readHeifHeader(bytes: Uint8Array, format: ImageFormat): ImageHeader {
  const reader = new ByteReader(bytes, format);
  const file: Box = { type: '', nameAt: 0, start: 0, end: reader.length };
  const meta = child(reader, file, 'meta');
  const properties = meta && child(reader, meta, 'iprp');
  const container = properties && child(reader, properties, 'ipco');
  let size: Extent = { width: 0, height: 0 };
  let quarters = 0;
  let mirror: number | null = null;
  const edits: NonNullable<ImageHeader['edits']> = [];
  if (meta && properties && container) {
    const all = [...boxes(reader, container.start, container.end)];
    const primary = primaryItem(reader, meta);
    const associated = itemProperties(reader, properties, all);
    const own = associated.filter(({ item }) => item === primary);
    // Without a primary item: the largest of picture, tiles, thumbnails and alpha plane.
    for (const box of (own.length > 0 ? own : all).filter(({ type }) => type === 'ispe')) {
      const each = extent(reader, box);
      if (each.width * each.height > size.width * size.height) size = each;
    }
    for (const box of own) {
      if (box.type === 'clap' && format === 'HEIF') size = cropped(reader, box, size);
      if (box.type === 'imir') mirror = reader.u8(box.start) & 1;
      if (box.type === 'irot') quarters = reader.u8(box.start) & 3;
      const isQuarter = box.type === 'irot' && quarters % 2 === 1;
      if (format === 'HEIF' && isQuarter) size = { width: size.height, height: size.width };
    }
    // An unknown name makes it a property that nobody knows and that is not required; this includes the alpha plane,
    // which shares
    for (const box of associated) {
      if (box.type !== 'irot' && box.type !== 'imir') continue;
      edits.push({ offset: box.nameAt, bytes: FREE });
      edits.push({ offset: box.essentialAt, bytes: [reader.u8(box.essentialAt) & 0x7f] });
    }
    // Of a film that has a still picture, take the still picture: Chromium gives the film's frames other colours.
    if (reader.startsWith('avis', 8)) edits.push({ offset: 8, bytes: AVIF });
  } else {
    size = trackSize(reader, file);
  }
  if (size.width === 0 || size.height === 0) throw reader.fail('it declares no picture with a size');
  const header: ImageHeader = {
    format,
    mimeType: format === 'AVIF' ? 'image/avif' : 'image/heic',
    ...size,
    alpha: true,
    exif: [],
    xmp: null,
  };
  return format === 'AVIF' ? { ...header, turn: exifTurn(quarters, mirror), edits } : header;
}
