/**
 * @file AVIF in Node, by libavif compiled to WebAssembly, as Pillow and Chromium decode it. sharp's libheif does not
 * interpolate colour between pixels, which puts edges off by up to 65 grey levels.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { ImageFormatError } from '../errors';
import { missingPackage } from '../missing-package';
import { writeRgb, type Transparency } from './transparency';
import type { RgbImage } from './types';

const PACKAGE = '@jsquash/avif';

interface Decoded {
  width: number;
  height: number;
  /** Straight RGBA. */
  data: Uint8ClampedArray;
}

interface AvifDecoder {
  /** Null where the file is damaged. */
  decode(bytes: Uint8Array, bitDepth: number): Decoded | null;
}

type CreateDecoder = (options: {
  noInitialRun: boolean;
  instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): WebAssembly.Exports;
}) => Promise<AvifDecoder>;

let decoder: Promise<AvifDecoder> | undefined;

async function load(): Promise<AvifDecoder> {
  const { resolve } = createRequire(import.meta.url);
  let create: CreateDecoder;
  let wasm: WebAssembly.Module;
  try {
    const script = pathToFileURL(resolve(`${PACKAGE}/codec/dec/avif_dec.js`)).href;
    ({ default: create } = (await import(/* @vite-ignore */ script)) as { default: CreateDecoder });
    wasm = await WebAssembly.compile(await readFile(resolve(`${PACKAGE}/codec/dec/avif_dec.wasm`)));
  } catch (cause) {
    throw missingPackage(PACKAGE, 'Decoding AVIF in Node needs', cause);
  }
  return create({
    noInitialRun: true,
    instantiateWasm(imports, done) {
      const instance = new WebAssembly.Instance(wasm, imports);
      done(instance);
      return instance.exports;
    },
  });
}

/** What the decoder makes its result with; Node has no `ImageData`. */
class Result implements Decoded {
  constructor(
    readonly data: Uint8ClampedArray,
    readonly width: number,
    readonly height: number,
  ) {}
}

/** The decoder looks for `ImageData` among the globals; it is there only while the decoder runs. */
function withImageData<T>(run: () => T): T {
  const scope = globalThis as { ImageData?: unknown };
  if (scope.ImageData !== undefined) return run();
  scope.ImageData = Result;
  try {
    return run();
  } finally {
    delete scope.ImageData;
  }
}

/**
 * The primary picture, or the first of a sequence, before any turning. Rejects with {@link ImageFormatError}, or with
 * `UnsupportedError` where the decoder's package is not installed.
 */
export async function decodeAvif(bytes: Uint8Array, transparency?: Transparency): Promise<RgbImage> {
  decoder ??= load().catch((error: unknown) => {
    decoder = undefined;
    throw error;
  });
  const avif = await decoder;
  const decoded = withImageData(() => avif.decode(bytes, 8));
  if (decoded === null) {
    throw new ImageFormatError('The AVIF file cannot be decoded: it is damaged.', { format: 'AVIF' });
  }
  const { width, height, data: rgba } = decoded;
  const data = new Uint8Array(width * height * 3);
  writeRgb(rgba, width * height, { out: data, transparency });
  return { width, height, data };
}
