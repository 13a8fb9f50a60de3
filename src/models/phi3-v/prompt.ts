/**
 * @file Token ids of a prompt: the string is cut at the marks of its pictures, and every piece is encoded as a separate
 * text.
 */

import { InvalidInputError } from '../../errors';
import type { EncodedPrompt } from '../architecture';
import { IMAGE_TOKEN, NO_TOKEN } from './processor';

const MARK = /<\|image_(\d+)\|>/;

/**
 * @param encode returns the ids of a piece, with `<s>` before them
 * @param images visual tokens of each picture, in order. Without pictures, marks are treated as ordinary characters.
 * @throws InvalidInputError unless the marks match the pictures, in order
 */
export function encodePrompt(
  encode: (text: string) => number[],
  prompt: string,
  images: readonly number[],
): EncodedPrompt {
  if (images.length === 0) return { ids: encode(prompt), images: [] };
  // The pieces alternate with the numbers of the marks between them.
  const pieces = prompt.split(MARK);
  const marks = pieces.filter((_, i) => i % 2 === 1);
  if (marks.length !== images.length || marks.some((mark, i) => Number(mark) !== i + 1)) {
    throw new InvalidInputError(
      images.length === 1
        ? `The text of an image must contain ${IMAGE_TOKEN} once, and no other mark; it contains ${shown(marks)}.`
        : `The text of ${images.length} images must contain their marks from ${IMAGE_TOKEN} on, in order; it contains ${shown(marks)}.`,
      { found: marks.length, images: images.length },
    );
  }
  const result: EncodedPrompt = { ids: [], images: [] };
  pieces.forEach((piece, i) => {
    if (i % 2 === 0) {
      for (const id of encode(piece)) result.ids.push(id);
      return;
    }
    const tokens = images[result.images.length]!;
    result.images.push({ start: result.ids.length, tokens });
    for (let token = 0; token < tokens; token++) result.ids.push(NO_TOKEN);
  });
  return result;
}

const shown = (marks: readonly string[]) => marks.map((mark) => `<|image_${mark}|>`).join(', ') || 'none';
