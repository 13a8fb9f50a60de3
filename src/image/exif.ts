/** @file The orientation tag of an EXIF block (a small TIFF file). A damaged block counts as none, as in Pillow. */

const ORIENTATION = 0x0112;
const TYPE_SHORT = 3;
const ENTRY_BYTES = 12;

export interface OrientationTag {
  /** 1 (upright) to 8, as EXIF numbers them. */
  value: number;
  /** Where its two bytes lie in the file. */
  offset: number;
  littleEndian: boolean;
}

/** Looks in the TIFF data at `start … end-1` of `bytes`. Returns null where there is no valid orientation. */
export function findOrientation(bytes: Uint8Array, start: number, end: number): OrientationTag | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, Math.min(end, bytes.length));
  const has = (offset: number, length: number) => offset >= start && offset + length <= view.byteLength;
  if (!has(start, 8)) return null;
  const order = view.getUint16(start);
  if (order !== 0x4949 && order !== 0x4d4d) return null;
  const littleEndian = order === 0x4949;
  if (view.getUint16(start + 2, littleEndian) !== 42) return null;
  const directory = start + view.getUint32(start + 4, littleEndian);
  if (!has(directory, 2)) return null;

  const entries = view.getUint16(directory, littleEndian);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + i * ENTRY_BYTES;
    if (!has(entry, ENTRY_BYTES)) return null;
    if (view.getUint16(entry, littleEndian) !== ORIENTATION) continue;
    const type = view.getUint16(entry + 2, littleEndian);
    const count = view.getUint32(entry + 4, littleEndian);
    const value = view.getUint16(entry + 8, littleEndian);
    if (type !== TYPE_SHORT || count !== 1 || value < 1 || value > 8) return null;
    return { value, offset: entry + 8, littleEndian };
  }
  return null;
}

/**
 * A copy of the file that claims to be upright, so that every platform's decoder leaves its pixels as stored; the
 * same bytes where there is nothing to change.
 */
export function withoutOrientation(bytes: Uint8Array, tags: readonly OrientationTag[]): Uint8Array {
  if (tags.every((tag) => tag.value === 1)) return bytes;
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (const tag of tags) view.setUint16(tag.offset, 1, tag.littleEndian);
  return copy;
}
