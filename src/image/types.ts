/** @file What `image/` takes and gives. */

/** In pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Straight 8-bit RGB, row by row, without padding. */
export interface RgbImage {
  /** Pixels. */
  width: number;
  /** Pixels. */
  height: number;
  /** // [height, width, 3] */
  data: Uint8Array;
}

/**
 * A picture in any of the forms that callers have at hand.
 *
 * - `Blob`/`File`, `ArrayBuffer` or bytes of an encoded image (PNG, JPEG, WebP, GIF, BMP, AVIF, HEIC where the
 *   platform decodes it);
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
  /** Refuse an image that declares more pixels than this, before decoding. Default: Pillow's limit, 89,478,485. */
  maxInputPixels?: number;
  /** Ends the call with the signal's reason. */
  signal?: AbortSignal;
}

/** Pillow's `MAX_IMAGE_PIXELS`: what fits 1 GiB at 3 bytes a pixel, divided by four. */
export const MAX_INPUT_PIXELS = 89_478_485;
