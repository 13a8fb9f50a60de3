/** @file What the header of an image file says, before anything is decoded. */
import type { OrientationTag } from '../exif';

export type ImageFormat = 'PNG' | 'JPEG' | 'GIF' | 'BMP' | 'WebP' | 'AVIF' | 'HEIF';

export interface ImageHeader {
  format: ImageFormat;
  mimeType: string;
  /** Pixels as stored, before any turning by EXIF. The largest that the file declares. */
  width: number;
  height: number;
  /** Whether pixels may be transparent. */
  alpha: boolean;
  /** Pixels are numbers of palette colours, or single bits: what Pillow does not interpolate between. */
  indexed?: boolean;
  /** Four inks instead of three colours (JPEG only). */
  cmyk?: boolean;
  /** Every EXIF orientation tag in the file; decoders obey the first. */
  orientation: OrientationTag[];
}
