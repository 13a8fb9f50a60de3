/**
 * @file The orientation tag of an EXIF block (a small TIFF file), read as Pillow reads it: any numeric type counts, of
 * several tags the first, and a damaged block gives what was read up to the damage.
 */

const ORIENTATION = 0x0112;
const ENTRY_BYTES = 12;
const EXIF_PREFIX = [0x45, 0x78, 0x69, 0x66, 0, 0]; // "Exif\0\0"

/** A stretch of the file: `start … end-1`. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface OrientationTag {
  /** 1 (upright) to 8, as EXIF numbers them; other values, NaN among them, are as good as 1. */
  value: number;
  /** Where its value lies in the bytes. */
  offset: number;
  /** Of the value, in bytes. */
  size: number;
  littleEndian: boolean;
}

type Read = (view: DataView, offset: number, littleEndian: boolean) => number;

const noNumber: Read = () => NaN;

/** TIFF's types. Bytes and text are no number in Pillow, yet the tag is there. */
const TYPES: Record<number, { size: number; read: Read }> = {
  1: { size: 1, read: noNumber },
  2: { size: 1, read: noNumber },
  7: { size: 1, read: noNumber },
  3: { size: 2, read: (view, at, little) => view.getUint16(at, little) },
  4: { size: 4, read: (view, at, little) => view.getUint32(at, little) },
  5: { size: 8, read: (view, at, little) => view.getUint32(at, little) / view.getUint32(at + 4, little) },
  6: { size: 1, read: (view, at) => view.getInt8(at) },
  8: { size: 2, read: (view, at, little) => view.getInt16(at, little) },
  9: { size: 4, read: (view, at, little) => view.getInt32(at, little) },
  10: { size: 8, read: (view, at, little) => view.getInt32(at, little) / view.getInt32(at + 4, little) },
  11: { size: 4, read: (view, at, little) => view.getFloat32(at, little) },
  12: { size: 8, read: (view, at, little) => view.getFloat64(at, little) },
};

/** Past the `Exif\0\0` that JPEG puts in front of the TIFF data, and some writers of other formats too. */
function tiffStart(bytes: Uint8Array, { start, end }: ByteRange): number {
  let at = start;
  for (let i = 0; i < 2; i++) {
    const prefix = at;
    if (prefix + 6 <= end && EXIF_PREFIX.every((byte, k) => bytes[prefix + k] === byte)) at += 6;
  }
  return at;
}

/** Every orientation tag of the EXIF block's first directory, in the order of the file. */
export function orientationTags(bytes: Uint8Array, range: ByteRange): OrientationTag[] {
  const tags: OrientationTag[] = [];
  const start = tiffStart(bytes, range);
  const view = new DataView(bytes.buffer, bytes.byteOffset, Math.min(range.end, bytes.length));
  const has = (offset: number, length: number) => offset >= start && offset + length <= view.byteLength;
  if (!has(start, 8)) return tags;
  const order = view.getUint16(start);
  if (order !== 0x4949 && order !== 0x4d4d) return tags;
  const littleEndian = order === 0x4949;
  // Some writers swap the bytes of the 42 that follows.
  if (view.getUint16(start + 2) !== 42 && view.getUint16(start + 2, true) !== 42) return tags;
  const directory = start + view.getUint32(start + 4, littleEndian);
  if (!has(directory, 2)) return tags;

  const entries = view.getUint16(directory, littleEndian);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + i * ENTRY_BYTES;
    if (!has(entry, ENTRY_BYTES)) break;
    if (view.getUint16(entry, littleEndian) !== ORIENTATION) continue;
    const type = TYPES[view.getUint16(entry + 2, littleEndian)];
    const count = view.getUint32(entry + 4, littleEndian);
    if (type === undefined || count === 0) continue;
    const bytesOfValue = type.size * count;
    const offset = bytesOfValue > 4 ? start + view.getUint32(entry + 8, littleEndian) : entry + 8;
    if (!has(offset, bytesOfValue)) continue;
    tags.push({ value: type.read(view, offset, littleEndian), offset, size: type.size, littleEndian });
  }
  return tags;
}

/** A file that is to be decoded as stored. */
interface Turnable {
  exif: readonly ByteRange[];
  edits?: readonly { offset: number; bytes: readonly number[] }[];
}

/**
 * A copy of the file that claims to be upright, so that every platform's decoder leaves its pixels as stored; the
 * same bytes where there is nothing to change.
 */
export function withoutOrientation(bytes: Uint8Array, { exif, edits = [] }: Turnable): Uint8Array {
  const tags = exif.flatMap((range) => orientationTags(bytes, range)).filter(({ value }) => value !== 1);
  if (tags.length === 0 && edits.length === 0) return bytes;
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (const { offset, size, littleEndian } of tags) {
    if (size === 2) view.setUint16(offset, 1, littleEndian);
    if (size === 4) view.setUint32(offset, 1, littleEndian); // of a float: next to nothing, which turns nothing either
  }
  for (const { offset, bytes: replacement } of edits) copy.set(replacement, offset);
  return copy;
}
