/**
 * @file Applies the length limits to a prompt: exceeding the model's or the recipe's limit is an error, while the
 * caller's limit cuts texts.
 */

import { InvalidInputError } from '../errors';
import type { PictureOption } from '../image';
import type { EncodedPrompt } from '../models';

export interface PromptToFit {
  text: string | undefined;
  /** Visual tokens of each of the caller's pictures, whose inputs are never cut; without the recipe's blank one. */
  images: readonly number[];
  /** The options of this model that make them smaller. */
  pictureOptions: readonly PictureOption[];
  /** The ids of the prompt with this text in it. */
  encode(text: string | undefined): EncodedPrompt;
}

export interface PromptLimits {
  /** The most tokens that the model and the recipe accept. */
  most: number;
  /** The caller's own limit. */
  maxTokens?: number;
  /**
   * What is cut to stay within it: the end of the ids, as with the reference's `max_len`, or, if a template continues
   * after the text, the end of the text.
   */
  cut: 'end' | 'text';
  /** Whether a prompt that exceeds `most` is cut too, at its end; texts beside pictures are cut then. @default false */
  overlong?: boolean;
}

/** @throws InvalidInputError for a prompt without tokens, or one that is too long */
export function fitPrompt(prompt: PromptToFit, { most, maxTokens, cut, overlong }: PromptLimits): EncodedPrompt {
  const encoded = prompt.encode(prompt.text);
  const { length } = encoded.ids;
  if (length === 0) throw new InvalidInputError('The text gives no tokens.', { text: prompt.text });
  const visual = prompt.images.reduce((sum, tokens) => sum + tokens, 0);
  const limit = maxTokens ?? most;
  if (length <= limit) return encoded;
  const shown = encoded.images.at(-1);
  if (overlong && (!shown || shown.start + shown.tokens <= limit - (encoded.tail ?? 0))) return cutAt(encoded, limit);
  if (visual > 0) {
    const smaller = prompt.pictureOptions.filter((option) => option !== 'minPixels').join(' or ');
    throw new InvalidInputError(
      `The input is ${length} tokens long, ${visual} of them for the image; the limit is ${limit}. ` +
        (smaller === '' ? 'Shorten the text.' : `Lower ${smaller}, or shorten the text.`),
      { tokens: length, imageTokens: visual, maxTokens: limit },
    );
  }
  if (maxTokens === undefined) {
    throw new InvalidInputError(
      `The text is ${length} tokens long; the model takes at most ${limit}. Shorten it, or set maxTokens to cut it.`,
      { tokens: length, maxTokens: limit },
    );
  }
  return cut === 'end' ? cutAt(encoded, maxTokens) : shortened(prompt, maxTokens);
}

/** This many of its ids, including those that end every prompt. */
function cutAt(encoded: EncodedPrompt, count: number): EncodedPrompt {
  const { ids, tail = 0 } = encoded;
  const kept = Math.max(0, count - tail);
  return { ...encoded, ids: [...ids.slice(0, kept), ...ids.slice(ids.length - (count - kept))] };
}

/** The most characters that a token usually has: gives the first guess of how many fit. */
const CHARACTERS_PER_TOKEN = 8;

/** The prompt with as much of its text as fits, found by doubling, then by halving; the template stays whole. */
function shortened({ text = '', encode }: PromptToFit, maxTokens: number): EncodedPrompt {
  const characters = [...text];
  let fits = 0;
  let tooLong = characters.length;
  const encodeFirst = (count: number) => encode(characters.slice(0, count).join(''));
  // Only a little of a text that is far too long is tokenized.
  for (let count = CHARACTERS_PER_TOKEN * maxTokens; count < tooLong; count *= 2) {
    if (encodeFirst(count).ids.length > maxTokens) tooLong = count;
    else fits = count;
  }
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (encodeFirst(middle).ids.length <= maxTokens) fits = middle;
    else tooLong = middle;
  }
  if (fits === 0) {
    throw new InvalidInputError(`The recipe's own words leave no room for a text in ${maxTokens} tokens.`, {
      maxTokens,
    });
  }
  return encodeFirst(fits);
}
