/** @file Invented texts of very different lengths, like those in lists of captions and descriptions. */

import { Random } from './random-weights';

const WORDS = (
  'a the of in on with and near under small large red blue green old young white black dog cat bird boat house tree river street ' +
  'mountain child woman man bicycle train flower kitchen window table morning evening winter summer walking standing looking ' +
  'holding two three many quiet busy wooden stone bright dark market bridge snow beach'
).split(' ');

/** Four to forty words each, most of them short; all different. */
export function sentences(count: number): string[] {
  const random = new Random(11);
  return Array.from({ length: count }, (_, i) => {
    const words = 4 + Math.floor(37 * (random.below(1000) / 1000) ** 2);
    const said = Array.from({ length: words }, () => WORDS[random.below(WORDS.length)]!);
    return `${said.join(' ')} ${i}`;
  });
}
