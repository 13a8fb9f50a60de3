/** @file EXIF, XMP and IPTC as gathered from a file. */

import { ByteReader } from '../../image/bytes';

export interface Blocks {
  /** TIFF data, each from its byte order mark on. */
  exif: Uint8Array[];
  /** XMP packets. */
  xmp: Uint8Array[];
  /** Segments of a JPEG with Photoshop's resources, IPTC's among them, without the segment's length. */
  iptc: Uint8Array[];
  /** `Creation Time` of a PNG. */
  created: string | null;
  /** What could not be read, for people. */
  faults: string[];
}

/** What an EXIF block begins with in a JPEG, and, with some writers, elsewhere too. */
export const EXIF = 'Exif\0\0';

/** @param block with or without {@link EXIF} in front */
export function addExif(block: Uint8Array, { exif }: Blocks): void {
  exif.push(new ByteReader(block, 'EXIF').startsWith(EXIF) ? block.subarray(EXIF.length) : block);
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
