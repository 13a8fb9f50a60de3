/** @file The input and output types of `image/`. */

import type { Transparency } from './transparency';

/** Straight 8-bit RGB, row by row, without padding. */
export interface RgbImage {
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** // [height, width, 3] */
  data: Uint8Array;
}

/** A size in whole pixels. */
export interface ImageSize {
  width: number;
  height: number;
}

/**
 * A picture in any of the supported forms.
 *
 * - `Blob`/`File`, `ArrayBuffer` or bytes of an encoded image (PNG, JPEG, WebP, GIF, BMP, AVIF, HEIC);
 * - a `URL`, or a string that contains one (`https:`, `data:`, `blob:`, `file:`); in Node also a path;
 * - pixels: {@link RgbImage}, `ImageData`, `ImageBitmap`, a canvas, or a loaded `<img>`.
 */
export type ImageInput =
  | Blob
  | ArrayBuffer
  | Uint8Array
  | URL
  | string
  | RgbImage
  | ImageData
  | ImageBitmap
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas;

/** How a picture is read. */
export interface DecodeOptions {
  /**
   * `exif`: turned upright as the camera recorded it. `stored`: pixels as stored in the file, which is what the
   * reference does (PIL's `Image.open(...).convert('RGB')`). Default `exif`.
   */
  orientation?: 'exif' | 'stored';
  /**
   * How transparency is handled in pictures with colours and an alpha channel. `drop`: colours are used as stored;
   * `white`: the picture is placed over white. For greyscale pictures, palettes and HEIC, transparency is always
   * dropped. Default `drop`.
   */
  transparency?: Transparency;
  /**
   * An image that declares more pixels than this is refused before it is decoded. Default: 250 million. A pixel takes 3
   * bytes, and 7 or more while a browser decodes it.
   */
  maxInputPixels?: number;
  /** Aborts the call, which then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * This allows photos of 200 million pixels, the largest that phones take. Pillow warns from 89,478,485 pixels on
 * (`MAX_IMAGE_PIXELS`: what fits into a quarter of a gibibyte at 3 bytes each) and refuses more than twice as many.
 */
export const MAX_INPUT_PIXELS = 250_000_000;
