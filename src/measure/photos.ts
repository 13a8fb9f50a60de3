/** @file What a photo takes on this device, at each picture size that a model offers: told before a long run. */

import type { EmbedInput, EmbedOptions, ModelInfo } from '../runtime';

/** What of a model decides its picture sizes. */
export type SizedInfo = Pick<ModelInfo, 'image'> & { recipe: { resize?: ModelInfo['recipe']['resize'] | undefined } };

/** How large photos are made for a model. */
export interface PhotoSize {
  /** `own`: as the model takes them unless told otherwise; else `401408px`, `4crops`. */
  name: string;
  options: Pick<EmbedOptions, 'maxPixels' | 'numCrops'>;
  /** Work beside other sizes of the model, at least in proportion: pixels, or crops with the view of the whole. */
  work: number;
}

/** Of a phone's photo. */
export const PHOTO_PIXELS = 12e6;
/** Offered below a model's own size: 1,280, 512 and 256 tokens of Qwen2-VL. */
const LESS_PIXELS = [1_003_520, 401_408, 200_704];
/** Phi-3.5-Vision's own number of crops is 16 at most. */
const OWN_CROPS = 16;
const LESS_CROPS = [4, 1];

/** The sizes of a model, its own first, then smaller ones; one where it knows but one. */
export function photoSizes(info: SizedInfo): PhotoSize[] {
  const { options, minPixels = 0 } = info.image;
  if (options.includes('numCrops')) {
    const of = (name: string, crops: number, given: PhotoSize['options']): PhotoSize => ({
      name,
      options: given,
      work: crops + 1,
    });
    return [of('own', OWN_CROPS, {}), ...LESS_CROPS.map((numCrops) => of(`${numCrops}crops`, numCrops, { numCrops }))];
  }
  const pixels = ownPixels(info);
  const own: PhotoSize = { name: 'own', options: {}, work: pixels };
  if (!options.includes('maxPixels')) return [own];
  // A fifth less is no choice.
  const less = LESS_PIXELS.filter((each) => each < 0.8 * pixels && each > minPixels);
  return [own, ...less.map((maxPixels) => ({ name: `${maxPixels}px`, options: { maxPixels }, work: maxPixels }))];
}

/** Pixels that a large photo has for the model. */
function ownPixels({ image, recipe }: SizedInfo): number {
  let pixels = PHOTO_PIXELS;
  for (const step of recipe.resize ?? [{ fit: 'file' }]) {
    if ('square' in step) pixels = Math.min(pixels, step.square ** 2);
    if ('fit' in step) pixels = Math.min(pixels, (step.fit === 'file' ? image.maxPixels : step.fit[1]) ?? Infinity);
  }
  return pixels;
}

/** What a photo took. */
export interface PhotoTime {
  /** As {@link PhotoSize.name}. */
  size: string;
  /** Of one photo, in milliseconds; null where it was not measured, since it would have taken too long. */
  milliseconds: number | null;
  /** By arithmetic from the next smaller size, where it was not measured: it takes this at least. */
  atLeast: number | null;
}

export interface PhotoModel {
  readonly info: SizedInfo;
  embed(inputs: readonly EmbedInput[], options: EmbedOptions): Promise<unknown>;
}

export interface PhotoMeasureOptions {
  /** Photos as they lie on disk: decoding is part of it. */
  photos: readonly Blob[];
  /** Sizes at which one photo is expected to take longer are not measured, in seconds. @default 20 */
  longest?: number;
  signal?: AbortSignal;
  /** Photos that are behind, and all. */
  onProgress?(done: number, total: number): void;
  now?(): number;
}

/** A first photo that took less is not counted: shaders are compiled in it, and buffers made. */
const WARM_SECONDS = 5;

/**
 * Embeds the photos at each size, smallest first, one at a time, and takes the middle. Nothing of it is kept.
 * @returns the model's own size first
 * @throws what `embed` throws; the signal's reason on abort
 */
export async function measurePhotos(model: PhotoModel, options: PhotoMeasureOptions): Promise<PhotoTime[]> {
  const { photos, longest = 20, signal, onProgress, now = () => performance.now() } = options;
  const sizes = photoSizes(model.info).reverse();
  const total = sizes.length * photos.length;
  const times: PhotoTime[] = [];
  let before: { milliseconds: number; work: number } | null = null;
  for (const [s, size] of sizes.entries()) {
    const expected = before && (before.milliseconds * size.work) / before.work;
    if (expected !== null && expected > 1000 * longest) {
      times.push({ size: size.name, milliseconds: null, atLeast: expected });
      continue;
    }
    const timed = async (photo: Blob) => {
      signal?.throwIfAborted();
      const start = now();
      await model.embed([{ image: photo }], { ...size.options, role: 'document', signal });
      return now() - start;
    };
    const taken: number[] = [];
    for (const [p, photo] of photos.entries()) {
      const first: number = await timed(photo);
      taken.push(p === 0 && first < 1000 * WARM_SECONDS ? await timed(photo) : first);
      onProgress?.(s * photos.length + p + 1, total);
    }
    const milliseconds = taken.sort((a, b) => a - b)[(taken.length - 1) >> 1]!;
    before = { milliseconds, work: size.work };
    times.push({ size: size.name, milliseconds, atLeast: null });
  }
  return times.reverse();
}
