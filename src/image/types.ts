/** @file What `image/` takes and gives. */

import type { Transparency } from './transparency';

/** Straight 8-bit RGB, row by row, without padding. */
export interface RgbImage {
  /** Pixels. */
  width: number;
  /** Pixels. */
  height: number;
  /** // [height, width, 3] */
  data: Uint8Array;
}

/** Whole pixels. */
export interface ImageSize {
  width: number;
  height: number;
}

/**
 * A picture in any of the forms that callers have.
 *
 * - `Blob`/`File`, `ArrayBuffer` or bytes of an encoded image (PNG, JPEG, WebP, GIF, BMP, AVIF, HEIC);
 * - a `URL`, or a string that holds one (`https:`, `data:`, `blob:`, `file:`); in Node also a path;
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
   * `exif`: turned upright as the camera noted. `stored`: pixels as they lie in the file, which is what the
   * reference does (PIL's `Image.open(...).convert('RGB')`). Default `exif`.
   */
  orientation?: 'exif' | 'stored';
  /**
   * What becomes of transparency in pictures of colours and an alpha channel. `drop`: colours as they are stored; `white`:
   * laid over white. Of grey pictures, palettes and HEIC it is dropped. Default `drop`.
   */
  transparency?: Transparency;
  /**
   * Refuse an image that declares more pixels than this, before decoding. Default: 250 million. A pixel
   * takes 3 bytes, and while a browser decodes it 7 or more.
   */
  maxInputPixels?: number;
  /** Ends the call with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Photos of 200 million pixels, the largest that phones make, are read. Pillow warns from 89,478,485 pixels on
 * (`MAX_IMAGE_PIXELS`: what fits a quarter of a gibibyte, at 3 bytes each) and refuses more than twice as many.
 */
export const MAX_INPUT_PIXELS = 250_000_000;
