/**
 * @file EXIF and XMP of HEIC and AVIF: items like the picture itself (ISO/IEC 23008-12). `iinf` lists them, `iloc` says
 * where their bytes lie: anywhere in the file, relative to a base or not, in one piece or several, or inside `meta`.
 */

import type { ByteReader } from '../../image/bytes';
import { concatenated, addExif, type Blocks } from './block-list';

interface Box {
  type: string;
  start: number;
  end: number;
}

interface Item {
  type: string;
  /** The MIME type of a `mime` item. */
  content: string;
}

export function heifBlocks(reader: ByteReader, blocks: Blocks): void {
  const meta = childOf(reader, { type: '', start: 0, end: reader.length }, 'meta');
  if (!meta) return;
  const within = { ...meta, start: meta.start + 4 }; // past version and flags
  const items = readItems(reader, childOf(reader, within, 'iinf'));
  const wanted = [...items].filter(([, item]) => item.type === 'Exif' || isXmp(item));
  if (wanted.length === 0) return;
  const data = childOf(reader, within, 'idat');
  const places = readPlaces(reader, childOf(reader, within, 'iloc'), data);
  for (const [id, item] of wanted) {
    const name = item.type === 'Exif' ? 'EXIF' : 'XMP';
    try {
      const bytes = places.get(id)?.();
      if (!bytes) throw reader.fail('their location is missing');
      if (name === 'XMP') blocks.xmp.push(bytes);
      else addExif(tiffOf(bytes), blocks);
    } catch (error) {
      blocks.faults.push(`Its ${name} data cannot be read: ${(error as Error).message}`);
    }
  }
}

/** An `Exif` item begins with the number of bytes before the TIFF header. */
function tiffOf(item: Uint8Array): Uint8Array {
  const view = new DataView(item.buffer, item.byteOffset, item.length);
  const skipped = item.length >= 4 ? view.getUint32(0) : 0;
  return item.subarray(Math.min(item.length, 4 + skipped));
}

function isXmp({ type, content }: Item): boolean {
  return type === 'mime' && content === 'application/rdf+xml';
}

function* boxesIn(reader: ByteReader, { start, end }: Box): Generator<Box> {
  for (let offset = start; offset + 8 <= end;) {
    let length = reader.u32(offset);
    let header = 8;
    if (length === 1) {
      length = u64(reader, offset + 8);
      header = 16;
    } else if (length === 0) length = end - offset;
    if (length < header || offset + length > end) throw reader.fail('a box has a wrong length');
    yield { type: reader.text(offset + 4, 4), start: offset + header, end: offset + length };
    offset += length;
  }
}

function childOf(reader: ByteReader, within: Box, type: string): Box | null {
  for (const box of boxesIn(reader, within)) if (box.type === type) return box;
  return null;
}

function u64(reader: ByteReader, offset: number): number {
  return reader.u32(offset) * 2 ** 32 + reader.u32(offset + 4);
}

/** By number. */
function readItems(reader: ByteReader, box: Box | null): Map<number, Item> {
  const items = new Map<number, Item>();
  if (!box) return items;
  const start = box.start + (reader.u8(box.start) === 0 ? 6 : 8);
  for (const entry of boxesIn(reader, { ...box, start })) {
    const version = entry.type === 'infe' ? reader.u8(entry.start) : 0;
    if (version < 2) continue; // has no type
    const at = entry.start + (version === 2 ? 6 : 8);
    const id = version === 2 ? reader.u16(at - 2) : reader.u32(at - 4);
    const type = reader.text(at + 2, 4);
    const nameEnd = reader.bytes.indexOf(0, at + 6);
    const contentEnd = reader.bytes.indexOf(0, nameEnd + 1);
    const isMime = type === 'mime' && nameEnd >= 0 && contentEnd >= 0 && contentEnd < entry.end;
    items.set(id, { type, content: isMime ? reader.text(nameEnd + 1, contentEnd - nameEnd - 1) : '' });
  }
  return items;
}

/** How to get each item's bytes. */
function readPlaces(reader: ByteReader, box: Box | null, data: Box | null): Map<number, () => Uint8Array> {
  const places = new Map<number, () => Uint8Array>();
  if (!box) return places;
  const version = reader.u8(box.start);
  const sizes = reader.u16(box.start + 4);
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexSize = version === 0 ? 0 : sizes & 15;
  let at = box.start + 6;
  const next = (size: number): number => {
    if (at + size > box.end) throw reader.fail('its list of locations is cut short');
    at += size;
    if (size === 0) return 0;
    return size === 2 ? reader.u16(at - 2) : size === 4 ? reader.u32(at - 4) : u64(reader, at - 8);
  };
  const idSize = version < 2 ? 2 : 4;
  for (let count = next(idSize); count > 0; count--) {
    const id = next(idSize);
    const method = version === 0 ? 0 : next(2) & 15;
    next(2); // refers to another file if it is not 0
    const base = next(baseSize);
    const extents: [number, number][] = [];
    for (let parts = next(2); parts > 0; parts--) {
      next(indexSize);
      extents.push([base + next(offsetSize), next(lengthSize)]);
    }
    places.set(id, () => {
      const source = method === 0 ? { start: 0, end: reader.length } : method === 1 ? data : null;
      if (!source) throw reader.fail('their location is empty');
      return concatenated(extents.map((extent) => slice(reader, source, extent)));
    });
  }
  return places;
}

/** A length of 0 means everything. */
function slice(reader: ByteReader, source: Pick<Box, 'start' | 'end'>, [offset, length]: [number, number]): Uint8Array {
  const start = source.start + offset;
  const end = length === 0 ? source.end : start + length;
  if (end > source.end || start > end) throw reader.fail('they are beyond its end');
  return reader.bytes.subarray(start, end);
}
