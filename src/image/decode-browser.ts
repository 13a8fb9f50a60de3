/**
 * @file Decoding in a page or a worker: `createImageBitmap`, then the bitmap's pixels. A 2-D canvas multiplies colour
 * by alpha and so loses the colour of transparent pixels, which the reference keeps; pictures that may be transparent
 * are read back through WebGL, which leaves them straight.
 */
import { ImageFormatError } from '../errors';
import type { ImageHeader } from './headers';
import { writeRgb, type Transparency } from './transparency';
import type { ImageSize, RgbImage } from './types';

/** Pixels per strip when reading back, so that RGBA and RGB never lie in memory whole together. */
const STRIP_PIXELS = 1 << 20;

const BITMAP_OPTIONS: ImageBitmapOptions = {
  colorSpaceConversion: 'none',
  premultiplyAlpha: 'none',
  imageOrientation: 'from-image', // the file says upright (exif.ts), so this turns nothing
};

type Drawable = HTMLImageElement | HTMLCanvasElement | OffscreenCanvas | ImageBitmap;

const stripRows = (width: number) => Math.max(1, Math.floor(STRIP_PIXELS / width));

/** `read(y, rows)` gives RGBA of those rows. */
function collectRows(
  { width, height }: ImageSize,
  transparency: Transparency,
  read: (y: number, rows: number) => ArrayLike<number>,
): RgbImage {
  const data = new Uint8Array(width * height * 3);
  let to = 0;
  for (let y = 0; y < height; y += stripRows(width)) {
    const rows = Math.min(stripRows(width), height - y);
    writeRgb(read(y, rows), rows * width, { out: data, to, transparency });
    to += rows * width * 3;
  }
  return { width, height, data };
}

/** Exact for opaque pixels. Through a canvas of some rows: one of the whole picture would take its memory again. */
function readByCanvas(bitmap: ImageBitmap, transparency: Transparency): RgbImage {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, Math.min(height, stripRows(width)));
  const context = canvas.getContext('2d', { willReadFrequently: true, colorSpace: 'srgb' });
  if (context === null) throw new ImageFormatError(`A canvas of ${width}×${canvas.height} pixels cannot be created.`);
  context.globalCompositeOperation = 'copy';
  return collectRows({ width, height }, transparency, (y, rows) => {
    context.drawImage(bitmap, 0, y, width, rows, 0, 0, width, rows);
    return context.getImageData(0, 0, width, rows).data;
  });
}

/** Exact with alpha too. Null where WebGL is missing or the bitmap is larger than its textures. */
function readByWebGL(bitmap: ImageBitmap, transparency: Transparency): RgbImage | null {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2', { antialias: false, depth: false });
  if (gl === null) return null;
  try {
    const limit = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
    if (width > limit || height > limit) return null;
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    if (gl.checkFramebufferStatus(gl.FRAMEBUFFER) !== gl.FRAMEBUFFER_COMPLETE) return null;
    const strip = new Uint8Array(Math.min(width * height, Math.max(STRIP_PIXELS, width)) * 4);
    const image = collectRows({ width, height }, transparency, (y, rows) => {
      gl.readPixels(0, y, width, rows, gl.RGBA, gl.UNSIGNED_BYTE, strip);
      return strip;
    });
    return gl.getError() === gl.NO_ERROR ? image : null;
  } finally {
    gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}

function readBitmap(bitmap: ImageBitmap, alpha: boolean, transparency: Transparency): RgbImage {
  try {
    return (alpha ? readByWebGL(bitmap, transparency) : null) ?? readByCanvas(bitmap, transparency);
  } finally {
    bitmap.close();
  }
}

/** Pixels as stored; `bytes` is a file whose header passed the guard. Rejects with {@link ImageFormatError}. */
export async function decodeNative(
  bytes: Uint8Array,
  header: ImageHeader,
  transparency: Transparency = 'drop',
): Promise<RgbImage> {
  const blob = new Blob([bytes as Uint8Array<ArrayBuffer>], { type: header.mimeType });
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob, BITMAP_OPTIONS);
  } catch (cause) {
    throw new ImageFormatError(
      `The ${header.format} file cannot be decoded: it is damaged, or this browser does not support the format.`,
      { format: header.format },
      { cause },
    );
  }
  return readBitmap(bitmap, header.alpha, transparency);
}

const isA = <K extends 'HTMLImageElement' | 'HTMLCanvasElement' | 'OffscreenCanvas' | 'ImageBitmap'>(
  input: object,
  kind: K,
): input is InstanceType<(typeof globalThis)[K]> => {
  const constructor = (globalThis as Partial<typeof globalThis>)[kind];
  return constructor !== undefined && input instanceof constructor;
};

/** The size of something that can be drawn; null for anything else. */
export function drawableSize(input: object): { width: number; height: number } | null {
  if (isA(input, 'HTMLImageElement')) return { width: input.naturalWidth, height: input.naturalHeight };
  if (isA(input, 'HTMLCanvasElement') || isA(input, 'OffscreenCanvas') || isA(input, 'ImageBitmap')) {
    return { width: input.width, height: input.height };
  }
  return null;
}

/** The pixels of something that can be drawn, as it would be shown. */
export async function drawablePixels(input: object, transparency: Transparency = 'drop'): Promise<RgbImage> {
  const size = drawableSize(input);
  if (size === null || size.width === 0 || size.height === 0) {
    throw new ImageFormatError('The picture has no pixels: an <img> must have loaded, a bitmap must not be closed.');
  }
  try {
    return readBitmap(await createImageBitmap(input as Drawable, BITMAP_OPTIONS), true, transparency);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ImageFormatError(`The pixels of this picture may not be read (${reason}).`, {}, { cause });
  }
}
