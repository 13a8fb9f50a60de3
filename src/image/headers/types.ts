/** @file What the header of an image file says, before anything is decoded. */
import type { ByteRange } from '../exif';

export type ImageFormat = 'PNG' | 'JPEG' | 'GIF' | 'BMP' | 'WebP' | 'AVIF' | 'HEIF';

export interface ImageHeader {
  format: ImageFormat;
  mimeType: string;
  /** Size in pixels as the decoder returns them, before any turning by {@link readOrientation}. */
  width: number;
  height: number;
  /** Whether pixels may be transparent. */
  alpha: boolean;
  /** Pixels are palette indices or single bits, which Pillow does not interpolate. */
  indexed?: boolean;
  /** Four inks instead of three colours (JPEG only). */
  cmyk?: boolean;
  /** Where EXIF is; for JPEG, its segments in order. PNG's metadata is read separately (`png-metadata.ts`). */
  exif: ByteRange[];
  /** Where XMP is. */
  xmp: ByteRange | null;
  /** How the container itself says to turn the picture (AVIF), as an EXIF orientation; EXIF is then ignored. */
  turn?: number;
  /** What to overwrite in the file so that a decoder that obeys the container gives the pixels as stored (AVIF). */
  edits?: { offset: number; bytes: readonly number[] }[];
}
