/**
 * @file Pictures in a form that the model's worker takes: bytes of their own, bitmaps in place of elements, whole
 * addresses.
 */

import { isNode } from '../environment';
import { InvalidInputError } from '../errors';
import type { ImageInput, RgbImage } from '../image/types';
import type { InputParts } from '../runtime/index';

/**
 * @param where how messages name the input: `inputs[3]`
 * @throws InvalidInputError for a picture whose bytes or pixels are gone, or are not there yet
 */
export async function portable(parts: InputParts, where: string): Promise<InputParts> {
  const { image } = parts;
  if (image === undefined) return parts;
  if (!Array.isArray(image)) return { ...parts, image: await portableImage(image as ImageInput, where) };
  const images = image as readonly ImageInput[];
  return { ...parts, image: await Promise.all(images.map((each, i) => portableImage(each, `${where}.image[${i}]`))) };
}

async function portableImage(image: ImageInput, where: string): Promise<ImageInput> {
  if (image instanceof URL) return image.href;
  if (image instanceof Uint8Array || isBuffer(image)) return ownBytes(image, where);
  if (isPixels(image)) return ownPixels(image, where);
  if (isNode) return image;
  if (typeof image === 'string') return wholeAddress(image, where);
  const plain = isElement(image) ? await bitmapOf(image, where) : image;
  if (typeof ImageBitmap !== 'undefined' && plain instanceof ImageBitmap) checkBitmap(plain, where);
  else if (!(plain instanceof Blob)) checkSendable(plain, where);
  return plain;
}

function wholeAddress(address: string, where: string): string {
  try {
    return new URL(address, typeof document === 'undefined' ? location.href : document.baseURI).href;
  } catch (cause) {
    const shown = address.slice(0, 200);
    throw new InvalidInputError(
      `${where}: '${shown}' is not a valid address of a picture.`,
      { input: where },
      { cause },
    );
  }
}

/** One that cannot be sent would otherwise fail the whole call, without a word about which. */
function checkBitmap(bitmap: ImageBitmap, where: string): void {
  if (bitmap.width === 0) {
    throw new InvalidInputError(`${where}: this ImageBitmap is closed; its pixels are gone.`, { input: where });
  }
  if (typeof OffscreenCanvas === 'undefined') return;
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  try {
    canvas?.drawImage(bitmap, 0, 0, 1, 1, 0, 0, 1, 1);
    canvas?.getImageData(0, 0, 1, 1);
  } catch (cause) {
    throw new InvalidInputError(
      `${where}: the pixels of this picture may not be read, because it came from another server. Load it with ` +
        `crossOrigin = 'anonymous' from a server that allows that (CORS), or pass its address.`,
      { input: where },
      { cause },
    );
  }
}

/** What comes from another frame is no instance of this one's classes, but can be sent all the same. */
function checkSendable(image: ImageInput, where: string): void {
  try {
    structuredClone(image);
  } catch (cause) {
    throw new InvalidInputError(
      `${where}: this is not an image: pass a Blob, bytes, a URL, ImageData, ImageBitmap, a canvas, an <img> or ` +
        '{ width, height, data }.',
      { input: where },
      { cause },
    );
  }
}

function isBuffer(value: unknown): value is ArrayBuffer | SharedArrayBuffer {
  return value instanceof ArrayBuffer || isShared(value);
}

/** Pages that are not isolated have no such class. */
function isShared(value: unknown): value is SharedArrayBuffer {
  return typeof SharedArrayBuffer !== 'undefined' && value instanceof SharedArrayBuffer;
}

/** Shared memory is copied: no Blob takes it, and others may write to it meanwhile. */
function ownBytes(image: Uint8Array | ArrayBuffer | SharedArrayBuffer, where: string): Uint8Array | ArrayBuffer {
  const buffer = image instanceof Uint8Array ? image.buffer : image;
  checkAttached(buffer, where);
  if (isShared(buffer)) return (image instanceof Uint8Array ? image : new Uint8Array(buffer)).slice();
  return image as Uint8Array | ArrayBuffer;
}

function isPixels(image: unknown): image is RgbImage | ImageData {
  return typeof image === 'object' && image !== null && 'data' in image && ArrayBuffer.isView(image.data);
}

function ownPixels(image: RgbImage | ImageData, where: string): RgbImage | ImageData {
  const { width, height, data } = image;
  checkAttached(data.buffer, where);
  return isShared(data.buffer) ? ({ width, height, data: data.slice() } as RgbImage) : image;
}

/** What was sent to a worker with its memory is empty on this side. */
function checkAttached(buffer: ArrayBufferLike, where: string): void {
  try {
    new Uint8Array(buffer);
  } catch (cause) {
    throw new InvalidInputError(
      `${where}: the bytes of this picture were transferred elsewhere (to a worker?) and are no longer available; pass a copy.`,
      { input: where },
      { cause },
    );
  }
}

type PageElement = HTMLImageElement | HTMLCanvasElement | OffscreenCanvas;

function isElement(image: ImageInput): image is PageElement {
  return (
    (typeof HTMLImageElement !== 'undefined' && image instanceof HTMLImageElement) ||
    (typeof HTMLCanvasElement !== 'undefined' && image instanceof HTMLCanvasElement) ||
    (typeof OffscreenCanvas !== 'undefined' && image instanceof OffscreenCanvas)
  );
}

async function bitmapOf(image: PageElement, where: string): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(image, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidInputError(
      `${where}: this element has no pixels (${reason}) An <img> must have loaded, and an SVG needs its own width and ` +
        'height; a canvas must not be empty.',
      { input: where },
      { cause },
    );
  }
}
