/** @file What is embedded while measuring: made-up captions and drawn pictures, the same everywhere. */

import { probePicture } from '../bundle/probe-picture';
import type { RgbImage } from '../image';
import type { EmbedOptions, PictureInfo } from '../runtime';

const SUBJECTS = ['a cat', 'two dogs', 'an old man', 'a child', 'three birds', 'a red bus', 'a sailing boat', 'a cook'];
const DOINGS = ['waiting', 'moving slowly', 'standing still', 'seen from behind'];
const PLACES = ['on the beach', 'in front of a house', 'under a tree', 'by the river'];

/** Different captions of everyday length. @param count at most 128 */
export function captions(count: number): string[] {
  const all = SUBJECTS.flatMap((subject) =>
    DOINGS.flatMap((doing) => PLACES.map((place) => `${subject} ${doing} ${place}`)),
  );
  // Neighbours in the list differ in more than their place.
  return Array.from({ length: count }, (_, i) => all[(i * 37) % all.length]!);
}

export const MOST_CAPTIONS = SUBJECTS.length * DOINGS.length * PLACES.length;

/** A picture, and the options that make it as many visual tokens as are wanted. */
export interface PictureInput {
  size: number | null;
  image: RgbImage;
  options: EmbedOptions;
}

/** Where a model cuts pictures its own way: so large that it has to. */
const OWN_SIDE = 672;

/**
 * One picture for each number of visual tokens, where the model's pictures follow their size; else one for each number
 * of tiles that makes a difference.
 */
export function picturesFor(info: PictureInfo, sizes: readonly number[]): PictureInput[] {
  const { plan, options, patchSize, mergeSize = 1 } = info;
  if (plan === 'native' && patchSize !== undefined && options.includes('maxPixels') && options.includes('minPixels')) {
    return sizes.map((size) => {
      const [rows, columns] = asSquare(size);
      const cell = patchSize * mergeSize;
      const [width, height] = [columns * cell, rows * cell];
      const pixels = width * height;
      return {
        size,
        image: probePicture({ width, height, seed: 5 }),
        options: { minPixels: pixels, maxPixels: pixels },
      };
    });
  }
  const image = probePicture({ width: OWN_SIDE, height: OWN_SIDE, seed: 5 });
  const crops = options.includes('numCrops') ? [{ numCrops: 1 }, {}] : [{}];
  return crops.map((options) => ({ size: null, image, options }));
}

/** For other libraries' models, which size it as they do: ours makes 256 visual tokens of it. */
export function comparisonPicture(): RgbImage {
  return probePicture({ width: 448, height: 448, seed: 5 });
}

/** Two factors, as near to each other as there are; the larger last. */
function asSquare(product: number): [number, number] {
  let factor = Math.floor(Math.sqrt(product));
  while (product % factor !== 0) factor--;
  return [factor, product / factor];
}
