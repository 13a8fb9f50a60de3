/**
 * @file HEIC → RGB by `libheif-js`, the library of pillow-heif: the same in a page, a worker and Node, whatever the
 * platform itself can. It is loaded with the first such picture and not before.
 */
import { ImageFormatError } from '../errors';
import { importing } from '../net';
import type { ImageHeader } from './headers';
import type { LibHeif } from './libheif';
import { writeRgb, type Transparency } from './transparency';
import type { RgbImage } from './types';

let library: Promise<LibHeif> | undefined;

async function load(): Promise<LibHeif> {
  const { default: create } = await importing(() => import('libheif-js/libheif-wasm/libheif-bundle.mjs'));
  return create();
}

/** The decoder; where it could not be loaded, the next call tries again. */
export function loadHeic(): Promise<LibHeif> {
  library ??= load().catch((error: unknown) => {
    library = undefined;
    throw error;
  });
  return library;
}

/** The primary picture, upright: libheif turns and crops it. Rejects with {@link ImageFormatError}. */
export async function decodeHeic(
  bytes: Uint8Array,
  { width, height }: ImageHeader,
  transparency: Transparency = 'drop',
): Promise<RgbImage> {
  const heif = await loadHeic();
  const context = heif.heif_context_alloc();
  try {
    const read = heif.heif_context_read_from_memory(context, bytes);
    if (read.code !== heif.heif_error_code.heif_error_Ok) throw damaged(read.message);
    const handle = heif.heif_js_context_get_primary_image_handle(context);
    if ('code' in handle) throw damaged(handle.message);
    try {
      const { heif_colorspace_RGB: rgb } = heif.heif_colorspace;
      const { heif_chroma_interleaved_RGB, heif_chroma_interleaved_RGBA } = heif.heif_chroma;
      const isMixed = transparency === 'white'; // of a picture without alpha libheif gives an opaque one
      const chroma = isMixed ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB;
      const decoded = await heif.heif_js_decode_image2(handle, rgb, chroma);
      if ('code' in decoded) throw damaged(decoded.message);
      try {
        const plane = decoded.channels[0];
        if (plane === undefined || plane.width !== width || plane.height !== height) {
          throw damaged(`it declares ${width}×${height} pixels but contains ${plane?.width}×${plane?.height}`);
        }
        const data = new Uint8Array(width * height * 3);
        for (let y = 0; y < height; y++) {
          const row = plane.data.subarray(y * plane.stride, y * plane.stride + width * (isMixed ? 4 : 3));
          if (isMixed) writeRgb(row, width, { out: data, to: y * width * 3, transparency });
          else data.set(row, y * width * 3);
        }
        return { width, height, data };
      } finally {
        heif.heif_image_release(decoded.image);
      }
    } finally {
      heif.heif_image_handle_release(handle);
    }
  } finally {
    heif.heif_context_free(context);
  }
}

function damaged(reason: string | undefined): ImageFormatError {
  return new ImageFormatError(`The HEIC file cannot be decoded: ${reason ?? 'it is damaged'}.`, {
    format: 'HEIF',
    reason,
  });
}
