/**
 * @file Any picture → straight RGB, as the reference reads it: alpha dropped, no colour management. The size in the
 * file's header is checked before anything is decoded.
 */
import { ImageFormatError, ImageTooLargeError, InvalidInputError, SourceNotFoundError } from '../errors';
import { withoutOrientation } from './exif';
import { decodeGif } from './gif';
import { notAnImage, readHeader, sniffFormat, SNIFF_BYTES, type ImageHeader } from './headers';
import { pngOrientation } from './headers/png';
import { orientImage } from './orient';
import { decodePng } from './png';
import { MAX_INPUT_PIXELS, type DecodeOptions, type ImageInput, type RgbImage } from './types';

/** In Node, but not in a page that a test environment imitates. */
const inNode =
  typeof process === 'object' && process.versions?.node !== undefined && typeof createImageBitmap === 'undefined';

const nodeEdge = () => import('./decode.node.js'); // browser builds leave it out
const browserEdge = () => import('./decode-browser');

function checkSize(width: number, height: number, limit: number): void {
  const pixels = width * height;
  if (pixels <= limit) return;
  const millions = (n: number) => `${(n / 1e6).toFixed(1)} million`;
  throw new ImageTooLargeError(
    `The image is ${width}×${height} = ${millions(pixels)} pixels; at most ${millions(limit)} are decoded. ` +
      'Shrink it, or raise maxInputPixels.',
    { width, height, pixels, limit },
  );
}

/** Straight RGBA → RGB, alpha dropped. */
function dropAlpha(width: number, height: number, rgba: ArrayLike<number>): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = rgba[from]!;
    data[to + 1] = rgba[from + 1]!;
    data[to + 2] = rgba[from + 2]!;
  }
  return { width, height, data };
}

type Pixels = RgbImage | ImageData;

function isPixels(input: object): input is Pixels {
  return 'data' in input && 'width' in input && 'height' in input;
}

function fromPixels(input: Pixels, limit: number): RgbImage {
  const { width, height, data } = input;
  const pixels = width * height;
  if (!Number.isSafeInteger(pixels) || width < 1 || height < 1) {
    throw new InvalidInputError(`Pixels of ${width}×${height} are no image.`, { width, height });
  }
  checkSize(width, height, limit);
  if (data instanceof Uint8Array && data.length === pixels * 3) return { width, height, data };
  if (data instanceof Uint8ClampedArray && data.length === pixels * 4) return dropAlpha(width, height, data);
  throw new InvalidInputError(
    `Pixels of ${width}×${height} need ${pixels * 3} bytes of RGB (Uint8Array) or ${pixels * 4} of RGBA ` +
      `(Uint8ClampedArray, as in ImageData); got ${data.length} in a ${data.constructor.name}.`,
    { width, height, length: data.length },
  );
}

/** The file behind a URL, or behind a path in Node. */
async function fetchBytes(input: URL | string, signal?: AbortSignal): Promise<Uint8Array> {
  const place = String(input);
  const isRemote = /^(https?|data|blob):/i.test(place);
  if (!isRemote && inNode) return (await nodeEdge()).readImageFile(input);
  const response = await fetch(place, { signal }).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new SourceNotFoundError(`The image ${place.slice(0, 200)} could not be fetched.`, {}, { cause });
  });
  if (!response.ok) {
    throw new SourceNotFoundError(`The image ${place.slice(0, 200)} could not be fetched: HTTP ${response.status}.`, {
      status: response.status,
    });
  }
  return new Uint8Array(await response.arrayBuffer());
}

async function readBlob(blob: Blob): Promise<Uint8Array> {
  // A gigabyte of something else is refused by its first bytes.
  const start = new Uint8Array(await blob.slice(0, SNIFF_BYTES).arrayBuffer());
  if (sniffFormat(start) === null) throw notAnImage(start);
  return new Uint8Array(await blob.arrayBuffer());
}

function checkDecoded(image: RgbImage, header: ImageHeader): RgbImage {
  // Boxes of AVIF and HEIC may crop and turn; their decoders check the coded size themselves.
  const mayDiffer = header.format === 'AVIF' || header.format === 'HEIF';
  if (mayDiffer || (image.width === header.width && image.height === header.height)) return image;
  throw new ImageFormatError(
    `The ${header.format} file declares ${header.width}×${header.height} pixels and holds ` +
      `${image.width}×${image.height}.`,
    { declared: [header.width, header.height], decoded: [image.width, image.height] },
  );
}

async function decodeFile(bytes: Uint8Array, options: Required<Omit<DecodeOptions, 'signal'>>, signal?: AbortSignal) {
  const header = readHeader(bytes);
  checkSize(header.width, header.height, options.maxInputPixels);
  let stored: RgbImage;
  let orientation = header.orientation;
  if (header.format === 'PNG') {
    orientation = pngOrientation(bytes);
    stored = await decodePng(bytes, signal);
  } else if (header.format === 'GIF') {
    stored = decodeGif(bytes);
  } else {
    const { decodeNative } = await (inNode ? nodeEdge() : browserEdge());
    stored = await decodeNative(withoutOrientation(bytes, orientation), header);
  }
  signal?.throwIfAborted();
  checkDecoded(stored, header);
  return options.orientation === 'exif' ? orientImage(stored, orientation[0]?.value ?? 1) : stored;
}

/**
 * Decodes a picture to straight RGB.
 *
 * Rejects with {@link ImageFormatError} (not an image, cut short, damaged, of a kind that this platform does not
 * decode), {@link ImageTooLargeError} (before decoding), {@link SourceNotFoundError} (a URL or path),
 * {@link InvalidInputError} (not an {@link ImageInput} at all), or the signal's reason.
 */
export async function decodeImage(input: ImageInput, options: DecodeOptions = {}): Promise<RgbImage> {
  const { orientation = 'exif', maxInputPixels = MAX_INPUT_PIXELS, signal } = options;
  if (orientation !== 'exif' && orientation !== 'stored') {
    throw new InvalidInputError(`orientation is 'exif' or 'stored', not ${JSON.stringify(orientation)}.`);
  }
  signal?.throwIfAborted();
  if (typeof input === 'string' || input instanceof URL) {
    return decodeFile(await fetchBytes(input, signal), { orientation, maxInputPixels }, signal);
  }
  if (input instanceof Uint8Array || input instanceof ArrayBuffer) {
    const bytes = input instanceof Uint8Array ? input : new Uint8Array(input);
    return decodeFile(bytes, { orientation, maxInputPixels }, signal);
  }
  if (input instanceof Blob) return decodeFile(await readBlob(input), { orientation, maxInputPixels }, signal);
  if (typeof input === 'object' && input !== null) {
    if (isPixels(input)) return fromPixels(input, maxInputPixels);
    if (!inNode) {
      const { drawableSize, drawablePixels } = await browserEdge();
      const size = drawableSize(input);
      if (size !== null) {
        checkSize(size.width, size.height, maxInputPixels);
        return drawablePixels(input);
      }
    }
  }
  throw new InvalidInputError(
    'This is not an image: pass a Blob, bytes, a URL, ImageData, ImageBitmap, a canvas, an <img> or ' +
      '{ width, height, data }.',
    { type: typeof input },
  );
}
