/**
 * @file Finds the metadata in a picture's file: the EXIF and XMP blocks of JPEG, WebP, PNG, HEIC and AVIF, and IPTC in
 * JPEG. Nothing here refuses a file: stray bytes are skipped, and what cannot be read becomes a line in `faults`.
 */

import { ByteReader } from '../../image/bytes';
import { sniffFormat } from '../../image/headers';
import { addExif, concatenated, EXIF, type Blocks } from './block-list';
import { heifBlocks } from './heif-blocks';
import { pngBlocks } from './png-blocks';

const XMP = 'http://ns.adobe.com/xap/1.0/\0';
const PHOTOSHOP = 'Photoshop 3.0\0';

export async function readBlocks(bytes: Uint8Array): Promise<Blocks> {
  const blocks: Blocks = { exif: [], xmp: [], iptc: [], created: null, faults: [] };
  const format = sniffFormat(bytes);
  const reader = new ByteReader(bytes, format ?? 'image');
  try {
    if (format === 'JPEG') jpegBlocks(reader, blocks);
    else if (format === 'WebP') webpBlocks(reader, blocks);
    else if (format === 'PNG') await pngBlocks(reader, blocks);
    else if (format === 'HEIF' || format === 'AVIF') heifBlocks(reader, blocks);
  } catch (error) {
    blocks.faults.push(`Metadata: ${(error as Error).message}`);
  }
  return blocks;
}

/** The start of the compressed picture, and the end of the file: no blocks come after either. */
const LAST_MARKERS = [0xda, 0xd9];

/**
 * The segments up to the compressed picture; anything else is skipped, as decoders do. The last marker has no length.
 */
function* jpegSegments(reader: ByteReader): Generator<{ marker: number; start: number; end: number }> {
  const { bytes } = reader;
  for (let offset = 2; ;) {
    offset = bytes.indexOf(0xff, offset);
    if (offset < 0 || offset + 4 > bytes.length) return;
    const marker = bytes[offset + 1]!;
    const isSegment = marker >= 0xc0 && marker < 0xff && !(marker >= 0xd0 && marker <= 0xd8);
    if (LAST_MARKERS.includes(marker)) return yield { marker, start: offset + 2, end: offset + 2 };
    if (!isSegment) {
      offset += marker === 0xff ? 1 : 2;
      continue;
    }
    const start = offset + 4;
    offset = start + Math.max(0, reader.u16(offset + 2) - 2);
    yield { marker, start, end: offset };
  }
}

/** Whether all blocks of a JPEG are within its first bytes. */
export function hasAllBlocks(head: Uint8Array): boolean {
  for (const { marker } of jpegSegments(new ByteReader(head, 'JPEG'))) if (LAST_MARKERS.includes(marker)) return true;
  return false;
}

function jpegBlocks(reader: ByteReader, blocks: Blocks): void {
  /** Long EXIF continues in the segments that follow. */
  const exif: Uint8Array[] = [];
  for (const { marker, start, end } of jpegSegments(reader)) {
    const segment = reader.bytes.subarray(start, end);
    if (marker === 0xed && reader.startsWith(PHOTOSHOP, start)) blocks.iptc.push(segment);
    if (marker !== 0xe1) continue;
    if (reader.startsWith(EXIF, start)) exif.push(segment.subarray(EXIF.length));
    else if (reader.startsWith(XMP, start)) blocks.xmp.push(segment.subarray(XMP.length));
  }
  blocks.exif.push(...joined(exif));
}

/** Segments that begin with a TIFF header are blocks of their own; others continue the one before. */
function joined(segments: readonly Uint8Array[]): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (const segment of segments) {
    const last = blocks.at(-1);
    if (!last || isTiff(segment)) blocks.push(segment);
    else blocks.splice(-1, 1, concatenated([last, segment]));
  }
  return blocks;
}

function isTiff(bytes: Uint8Array): boolean {
  const reader = new ByteReader(bytes, 'EXIF');
  return reader.startsWith('II*\0') || reader.startsWith('MM\0*');
}

function webpBlocks(reader: ByteReader, blocks: Blocks): void {
  for (let offset = 12; offset + 8 <= reader.length;) {
    const type = reader.text(offset, 4);
    const length = reader.u32(offset + 4, true);
    const data = reader.bytes.subarray(offset + 8, offset + 8 + length);
    if (type === 'EXIF') addExif(data, blocks);
    else if (type === 'XMP ') blocks.xmp.push(data);
    offset += 8 + length + (length & 1);
  }
}
