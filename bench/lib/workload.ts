/** @file What the embedding benches embed: invented captions, and one picture of 448 × 448. */

import { probePicture } from '../../src/bundle/probe-picture';
import type { RgbImage } from '../../src/image';
import { Random } from './random-weights';

const SUBJECTS = [
  'a cat',
  'two dogs',
  'an old man',
  'a child',
  'three birds',
  'a red bus',
  'a sailing boat',
  'a cyclist',
];
const DOINGS = ['sitting', 'waiting', 'moving slowly', 'standing', 'resting', 'seen from behind'];
const PLACES = ['on the beach', 'in front of a house', 'under a tree', 'by the river', 'in the snow', 'on a bridge'];
const TIMES = ['', ' at night', ' on a cloudy day', ' at sunset', ' in the early morning'];

/** Different captions of everyday length (6 to 14 tokens). */
export function captions(count: number): string[] {
  const random = new Random(3);
  const pick = (list: readonly string[]) => list[random.below(list.length)]!;
  const made = new Set<string>();
  while (made.size < count) made.add(`${pick(SUBJECTS)} ${pick(DOINGS)} ${pick(PLACES)}${pick(TIMES)}`);
  return [...made];
}

/** Becomes 1024 patches, 256 visual tokens. */
export function picture(index = 0): RgbImage {
  return probePicture({ width: 448, height: 448, seed: 5 + index });
}

/** An input that is a picture alone, in the recipe's words. */
export function photo({ width, height }: { width: number; height: number }): { image: RgbImage } {
  return { image: probePicture({ width, height, seed: 5 }) };
}

export const IMAGE_TEXT = '<|image_pad|>\nFind an image caption describing the given everyday image.\n';
