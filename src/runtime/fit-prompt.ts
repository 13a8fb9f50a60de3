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
  /** UTF-16 units of the whole prompt, instruction and template included. @default those of the text */
  characters?: number;
  /** Whether the prompt surely has more than this many tokens; asked before it is tokenized. @default never */
  isLonger?(tokens: number): boolean;
  /** The first ids of the prompt, more than this many of them, and those that end it. @default all of them */
  encodeBeginning?(tokens: number): EncodedPrompt;
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
  const visual = prompt.images.reduce((sum, tokens) => sum + tokens, 0);
  const limit = maxTokens ?? most;
  const isLonger = prompt.isLonger?.(limit) ?? false;
  const keepsBeginning = visual === 0 && (overlong === true || (maxTokens !== undefined && cut === 'end'));
  if (isLonger && !keepsBeginning && !overlong) {
    if (visual === 0 && maxTokens !== undefined) return shortened(prompt, maxTokens);
    throw farTooLong(prompt, limit, visual > 0);
  }
  const encoded = (isLonger && keepsBeginning && prompt.encodeBeginning?.(limit)) || prompt.encode(prompt.text);
  const { length } = encoded.ids;
  if (length === 0) throw new InvalidInputError('The text gives no tokens.', { text: prompt.text });
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

function farTooLong(
  { text = '', characters = text.length }: PromptToFit,
  limit: number,
  hasPictures: boolean,
): InvalidInputError {
  return new InvalidInputError(
    `The text with its prompt has ${characters} characters, more than any ${limit} tokens; the model takes at most ${limit}. ` +
      (hasPictures ? 'Shorten it.' : 'Shorten it, or set maxTokens to cut it.'),
    { characters, maxTokens: limit },
  );
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
  let fits = 0;
  let tooLong = charactersOf(text);
  const encodeFirst = (count: number) => encode(firstOf(text, count));
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

/** Code points, an unpaired surrogate counting as one. */
function charactersOf(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i += lengthAt(text, i)) count++;
  return count;
}

/** The first `count` code points. */
function firstOf(text: string, count: number): string {
  let end = 0;
  for (let i = 0; i < count && end < text.length; i++) end += lengthAt(text, end);
  return text.slice(0, end);
}

function lengthAt(text: string, index: number): number {
  return text.codePointAt(index)! > 0xffff ? 2 : 1;
}
