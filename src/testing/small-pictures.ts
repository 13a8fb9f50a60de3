/** @file Many small pictures, each of its own, and a stand-in for a model that tells them apart. For tests in Node. */

import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RgbImage } from '../image';
import type { EmbedderInput, PhotoEmbedder } from '../search';

const SIDE = 16;

/** A BMP of 16 × 16 pixels. */
export function smallBmp(number: number): Uint8Array {
  const bytes = new Uint8Array(54 + SIDE * SIDE * 3);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, SIDE, true);
  view.setInt32(22, SIDE, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let i = 54; i < bytes.length; i++) bytes[i] = (number * 31 + i * (1 + (number % 7))) & 0xff;
  view.setUint32(54, number, true);
  return bytes;
}

/** Writes files below a folder; the same content has the same time of change, whenever it is written. */
export async function writePictures(folder: string, pictures: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for (const [path, bytes] of Object.entries(pictures)) {
    const at = join(folder, path);
    await mkdir(dirname(at), { recursive: true });
    await writeFile(at, bytes);
    await utimes(at, 1.7e9, 1.7e9);
  }
}

export interface CountingEmbedder extends PhotoEmbedder {
  /** Pictures so far. */
  embedded: number;
}

/** Vectors made of pixels and letters. @param milliseconds for each input */
export function countingEmbedder({ id = 'counting', name = 'Counting', milliseconds = 0 } = {}): CountingEmbedder {
  const embedder: CountingEmbedder = {
    ...{ id, name, dims: DIMS, takesPixels: true, embedded: 0 },
    async embed(inputs) {
      await sleep(milliseconds * inputs.length);
      embedder.embedded += inputs.filter(({ image }) => image !== undefined).length;
      return inputs.map(vectorOf);
    },
  };
  return embedder;
}

const DIMS = 32;

function vectorOf({ text = '', image }: EmbedderInput): Float32Array {
  const vector = new Float32Array(DIMS).fill(1);
  const { data } = (image ?? { data: new TextEncoder().encode(text) }) as Pick<RgbImage, 'data'>;
  for (let i = 0; i < data.length; i++) vector[(i * 7 + data[i]!) % DIMS]! += data[i]! / 16;
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
