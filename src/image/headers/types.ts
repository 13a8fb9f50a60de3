/** @file What the header of an image file says, before anything is decoded. */
import type { ByteRange } from '../exif';

export type ImageFormat = 'PNG' | 'JPEG' | 'GIF' | 'BMP' | 'WebP' | 'AVIF' | 'HEIF';

export interface ImageHeader {
  format: ImageFormat;
  mimeType: string;
  /** Pixels as the decoder gives them, before any turning by {@link readOrientation}. */
  width: number;
  height: number;
  /** Whether pixels may be transparent. */
  alpha: boolean;
  /** Pixels are numbers of palette colours, or single bits: what Pillow does not interpolate between. */
  indexed?: boolean;
  /** Four inks instead of three colours (JPEG only). */
  cmyk?: boolean;
  /** Where EXIF lies: of JPEG the segments, in their order. PNG's metadata is read by itself (`png-metadata.ts`). */
  exif: ByteRange[];
  /** Where XMP lies. */
  xmp: ByteRange | null;
  /** How the container itself says to turn the picture (AVIF), as EXIF numbers it; EXIF then says nothing. */
  turn?: number;
  /** What to overwrite in the file so that a decoder that obeys the container gives the pixels as stored (AVIF). */
  edits?: { offset: number; bytes: readonly number[] }[];
}
