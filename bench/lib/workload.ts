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

/** How captions are worded, which determines how much of them is computed once for several. */
export type CaptionKind =
  /** Made from few words, so beginnings are often shared. */
  | 'alike'
  /** The words in any order, so that hardly more than a first word is shared. */
  | 'mixed'
  /** The same, after an instruction of MMEB. */
  | 'instructed';

const INSTRUCTION = 'Find me an everyday image that matches the given caption: ';

/** Different captions of everyday length (6 to 14 tokens, without the instruction). */
export function captions(count: number, kind: CaptionKind = 'alike'): string[] {
  const random = new Random(3);
  const pick = (list: readonly string[]) => list[random.below(list.length)]!;
  const made = new Set<string>();
  while (made.size < count) {
    const caption = `${pick(SUBJECTS)} ${pick(DOINGS)} ${pick(PLACES)}${pick(TIMES)}`;
    if (kind === 'alike') made.add(caption);
    else made.add(`${kind === 'instructed' ? INSTRUCTION : ''}${shuffled(caption.split(' '), random).join(' ')}`);
  }
  return [...made];
}

function shuffled(words: string[], random: Random): string[] {
  for (let i = words.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [words[i], words[j]] = [words[j]!, words[i]!];
  }
  return words;
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
