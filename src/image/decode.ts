/**
 * @file Any picture → straight RGB, as the reference reads it: alpha dropped unless asked, no colour management. This is the one way
 * from a file to pixels: size, thumbnail and vector come from it. The size in the file's header is checked before
 * anything is decoded.
 */
import { ImageFormatError, ImageTooLargeError, InvalidInputError, SourceNotFoundError } from '../errors';
import { importing } from '../net';
import { decodeBmp } from './bmp';
import { withoutOrientation } from './exif';
import { decodeGif } from './gif';
import { notAnImage, readHeader, sniffFormat, SNIFF_BYTES, type ImageFormat, type ImageHeader } from './headers';
import { decodeHeic, loadHeic } from './heic';
import { orientImage } from './orient';
import { readOrientation, swapsSides } from './orientation';
import { decodePng } from './png';
import { writeRgb, type Transparency } from './transparency';
import { MAX_INPUT_PIXELS, type DecodeOptions, type ImageInput, type ImageSize, type RgbImage } from './types';

/** In Node, but not in a page that a test environment imitates. */
const inNode =
  typeof process === 'object' && process.versions?.node !== undefined && typeof createImageBitmap === 'undefined';

const nodeEdge = () => import('./decode.node.js'); // browser builds leave it out
const browserEdge = () => importing(() => import('./decode-browser'));

/**
 * Loads what decodes pictures, which is a script of its own where the platform's decoder is used, so that a picture that
 * comes when the network is gone finds it there.
 * @param heic the decoder of HEIC too, 2 MB that most never need
 */
export async function loadDecoders({ heic = false } = {}): Promise<void> {
  await Promise.all([inNode ? nodeEdge() : browserEdge(), heic && loadHeic()]);
}

const millions = (pixels: number) => `${(pixels / 1e6).toFixed(1)} million`;

function checkSize(width: number, height: number, limit: number): void {
  const pixels = width * height;
  if (pixels <= limit) return;
  throw new ImageTooLargeError(
    `The image is ${width}×${height} = ${millions(pixels)} pixels; at most ${millions(limit)} are decoded. ` +
      'Shrink it, or raise maxInputPixels.',
    { width, height, pixels, limit },
  );
}

type Pixels = RgbImage | ImageData;

function isPixels(input: object): input is Pixels {
  return 'data' in input && 'width' in input && 'height' in input;
}

function fromPixels(input: Pixels, limit: number, transparency: Transparency): RgbImage {
  const { width, height, data } = input;
  const pixels = width * height;
  if (![width, height, pixels].every((count) => Number.isSafeInteger(count) && count >= 1)) {
    throw new InvalidInputError(`Pixels of ${width}×${height} are not an image.`, { width, height });
  }
  checkSize(width, height, limit);
  if (data instanceof Uint8Array && data.length === pixels * 3) return { width, height, data };
  if (data instanceof Uint8ClampedArray && data.length === pixels * 4) {
    const out = new Uint8Array(pixels * 3);
    writeRgb(data, pixels, { out, transparency });
    return { width, height, data: out };
  }
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
  if (!isRemote && inNode) return (await nodeEdge()).readImageFile(input, signal);
  const failed = (cause: unknown) => {
    signal?.throwIfAborted();
    throw new SourceNotFoundError(`The image ${place.slice(0, 200)} could not be fetched.`, {}, { cause });
  };
  const response = await fetch(place, { signal }).catch(failed);
  if (!response.ok) {
    throw new SourceNotFoundError(`The image ${place.slice(0, 200)} could not be fetched: HTTP ${response.status}.`, {
      status: response.status,
    });
  }
  return new Uint8Array(await response.arrayBuffer().catch(failed)); // the connection may break off
}

/** An image file, whole. */
export type EncodedPicture = Blob | ArrayBuffer | Uint8Array;

async function readBytes(source: EncodedPicture): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  // A gigabyte of something else is refused by its first bytes.
  const start = new Uint8Array(await source.slice(0, SNIFF_BYTES).arrayBuffer());
  if (sniffFormat(start) === null) throw notAnImage(start);
  return new Uint8Array(await source.arrayBuffer());
}

function checkDecoded(image: RgbImage, header: ImageHeader): RgbImage {
  if (image.width === header.width && image.height === header.height) return image;
  throw new ImageFormatError(
    `The ${header.format} file declares ${header.width}×${header.height} pixels but contains ` +
      `${image.width}×${image.height}.`,
    { declared: [header.width, header.height], decoded: [image.width, image.height] },
  );
}

/** Pixels as they lie in the file; of HEIC upright, as its decoder gives them. */
async function decodeStored(
  bytes: Uint8Array,
  header: ImageHeader,
  { transparency, signal }: Pick<DecodeOptions, 'transparency' | 'signal'>,
): Promise<RgbImage> {
  if (header.format === 'PNG') return decodePng(bytes, { transparency, signal });
  if (header.format === 'GIF') return decodeGif(bytes);
  if (header.format === 'BMP') return decodeBmp(bytes, transparency);
  if (header.format === 'HEIF') return decodeHeic(bytes, header, transparency);
  const { decodeNative } = await (inNode ? nodeEdge() : browserEdge());
  return decodeNative(withoutOrientation(bytes, header), header, transparency);
}

/** Memory that is not to be had is the picture's size to blame, not a damaged file. */
function orTooLarge(error: unknown, { width, height }: ImageHeader): unknown {
  if (!(error instanceof RangeError)) return error;
  return new ImageTooLargeError(
    `The image is ${width}×${height} = ${millions(width * height)} pixels: more than there is memory for. Shrink it.`,
    { width, height, pixels: width * height },
    { cause: error },
  );
}

/** A decoded image file. */
export interface Picture {
  /** Upright, unless `orientation: 'stored'` was asked for. */
  image: RgbImage;
  /** Upright, in any case: what {@link readSize} gives. */
  size: ImageSize;
  format: ImageFormat;
  /** How the file says to turn the stored pixels: 1 (upright) to 8, as EXIF numbers them. */
  orientation: number;
}

const upright = ({ width, height }: ImageHeader, orientation: number): ImageSize =>
  swapsSides(orientation) ? { width: height, height: width } : { width, height };

/**
 * Decodes an image file once, for all that is made of it. Rejects as {@link decodeImage} does.
 */
export async function decodePicture(source: EncodedPicture, options: DecodeOptions = {}): Promise<Picture> {
  const { orientation: wanted = 'exif', maxInputPixels = MAX_INPUT_PIXELS, transparency, signal } = options;
  checkOptions(wanted, maxInputPixels);
  signal?.throwIfAborted();
  const bytes = await readBytes(source);
  const header = readHeader(bytes);
  checkSize(header.width, header.height, maxInputPixels);
  const orientation = await readOrientation(bytes, header);
  try {
    const stored = checkDecoded(await decodeStored(bytes, header, { transparency, signal }), header);
    signal?.throwIfAborted();
    const image = wanted === 'exif' ? orientImage(stored, orientation) : stored;
    return { image, size: upright(header, orientation), format: header.format, orientation };
  } catch (error) {
    throw orTooLarge(error, header);
  }
}

/**
 * The size of a picture as it is shown, upright, without decoding it. Rejects with {@link ImageFormatError} for what is
 * no image or has a damaged header.
 */
export async function readSize(source: EncodedPicture): Promise<ImageSize> {
  const bytes = await readBytes(source);
  const header = readHeader(bytes);
  return upright(header, await readOrientation(bytes, header));
}

function checkOptions(orientation: unknown, maxInputPixels: unknown): void {
  if (orientation !== 'exif' && orientation !== 'stored') {
    throw new InvalidInputError(`orientation must be 'exif' or 'stored', not ${JSON.stringify(orientation)}.`);
  }
  if (typeof maxInputPixels !== 'number' || !(maxInputPixels >= 1)) {
    throw new InvalidInputError(`maxInputPixels is ${String(maxInputPixels)}; it must be a number of 1 or more.`);
  }
}

/**
 * Decodes a picture to straight RGB.
 *
 * Rejects with {@link ImageFormatError} (not an image, cut short, damaged, of a kind that this platform does not
 * decode), {@link ImageTooLargeError} (before decoding, or where memory ends), {@link SourceNotFoundError} (a URL or
 * path), {@link InvalidInputError} (not an {@link ImageInput} at all), or the signal's reason.
 */
export async function decodeImage(input: ImageInput, options: DecodeOptions = {}): Promise<RgbImage> {
  const { orientation = 'exif', maxInputPixels = MAX_INPUT_PIXELS, transparency = 'drop', signal } = options;
  checkOptions(orientation, maxInputPixels);
  signal?.throwIfAborted();
  if (typeof input === 'string' || input instanceof URL) {
    return (await decodePicture(await fetchBytes(input, signal), options)).image;
  }
  if (input instanceof Uint8Array || input instanceof ArrayBuffer || input instanceof Blob) {
    return (await decodePicture(input, options)).image;
  }
  if (typeof input === 'object' && input !== null) {
    if (isPixels(input)) return fromPixels(input, maxInputPixels, transparency);
    if (!inNode) {
      const { drawableSize, drawablePixels } = await browserEdge();
      const size = drawableSize(input);
      if (size !== null) {
        checkSize(size.width, size.height, maxInputPixels);
        return drawablePixels(input, transparency);
      }
    }
  }
  throw new InvalidInputError(
    'This is not an image: pass a Blob, bytes, a URL, ImageData, ImageBitmap, a canvas, an <img> or ' +
      '{ width, height, data }.',
    { type: typeof input },
  );
}
