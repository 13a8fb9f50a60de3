/**
 * @file Which way up a picture is: the one rule for size, thumbnail and vector. It is that of Pillow's
 * `ImageOps.exif_transpose`: the EXIF tag, wherever the format keeps EXIF; without one, XMP's `tiff:Orientation`.
 * AVIF says it in its own boxes instead. HEIC does too, but its decoder turns the picture (as pillow-heif's does).
 */
import { orientationTags, type ByteRange } from './exif';
import type { ImageHeader } from './headers';
import { readPngMetadata } from './headers/png-metadata';

const XMP_ORIENTATION = /tiff:Orientation(?:="|>)([0-9])/;

/** EXIF that a writer spread over several segments is one block. */
function joined(bytes: Uint8Array, ranges: readonly ByteRange[]): Uint8Array {
  if (ranges.length === 1) return bytes.subarray(ranges[0]!.start, ranges[0]!.end);
  const parts = ranges.map(({ start, end }) => bytes.subarray(start, end));
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** 1 to 8, as EXIF numbers them. */
export async function readOrientation(bytes: Uint8Array, header: ImageHeader): Promise<number> {
  const { exif, xmp } =
    header.format === 'PNG'
      ? await readPngMetadata(bytes)
      : {
          exif: joined(bytes, header.exif),
          xmp: header.xmp && bytes.subarray(header.xmp.start, header.xmp.end),
        };
  if (header.turn !== undefined && header.turn !== 1) return header.turn;
  const tag = header.turn === undefined && exif ? orientationTags(exif, { start: 0, end: exif.length })[0] : null;
  const value = tag ? tag.value : Number(xmp && XMP_ORIENTATION.exec(new TextDecoder('latin1').decode(xmp))?.[1]);
  return Number.isInteger(value) && value >= 1 && value <= 8 ? value : 1;
}

/** Whether rows become columns when the picture is turned upright. */
export const swapsSides = (orientation: number): boolean => orientation >= 5;
