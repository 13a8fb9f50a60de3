/** @file HEIC where the browser cannot decode it: `libheif-js`, loaded with the first such picture and not before. */

import { ImageFormatError } from '../../errors';

interface HeifImage {
  get_width(): number;
  get_height(): number;
  /** Fills the target; calls back with it, or with null. */
  display(target: ImageData, done: (result: ImageData | null) => void): void;
  free(): void;
}

interface LibHeif {
  HeifDecoder: new () => { decode(bytes: Uint8Array): HeifImage[] };
}

let library: Promise<LibHeif> | undefined;

async function load(): Promise<LibHeif> {
  const { default: create } = await import('libheif-js/libheif-wasm/libheif-bundle.mjs');
  return create() as LibHeif;
}

/** The main picture, upright: libheif turns it. @throws ImageFormatError */
export async function decodeHeic(bytes: Uint8Array): Promise<ImageData> {
  library ??= load().catch((error: unknown) => {
    library = undefined;
    throw error;
  });
  const { HeifDecoder } = await library;
  const images = new HeifDecoder().decode(bytes);
  const image = images[0];
  if (!image) throw damaged();
  try {
    const pixels = new ImageData(image.get_width(), image.get_height());
    await new Promise<void>((resolve, reject) => {
      image.display(pixels, (result) => (result ? resolve() : reject(damaged())));
    });
    return pixels;
  } finally {
    for (const each of images) each.free();
  }
}

function damaged(): ImageFormatError {
  return new ImageFormatError('The HEIC file cannot be decoded: it is damaged.', { format: 'HEIF' });
}
