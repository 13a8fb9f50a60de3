/**
 * @file What the model reads: no chat template, no begin or end tokens, one image token that stands for all of the
 * image's. Strings follow VLM2Vec (spec: `TOKEN\nINSTRUCTION …\n` where there is an image).
 */
import type { PromptConfig } from '../bundle/manifest';
import { InvalidInputError } from '../errors';
import type { Tokenizer } from './tokenizer';

/** The instruction of an image that comes alone, as MMEB's image targets have it. */
const IMAGE_ALONE = 'Represent the given image.';

export interface PromptParts {
  instruction?: string;
  text?: string;
  hasImage: boolean;
}

/**
 * One string of the parts. Text that holds the image token is used as given; where an image's text lacks it, it is put
 * in front with the model's separator. An instruction comes before the text, after a space; with an image, a newline
 * ends it, as in MMEB.
 * Throws {@link InvalidInputError} where there is neither text nor image.
 */
export function composePrompt({ instruction, text, hasImage }: PromptParts, prompts: PromptConfig): string {
  const hasText = text !== undefined && text !== '';
  if (!hasImage && !hasText) {
    throw new InvalidInputError('There is nothing to embed: the text is empty and there is no image.');
  }
  let body = hasText ? text : '';
  if (instruction !== undefined && instruction !== '') body = hasText ? `${instruction} ${text}` : instruction;
  if (!hasImage) return body;
  if (body === '') body = IMAGE_ALONE;
  const isGiven = hasText && body === text;
  if (!body.includes(prompts.imageToken)) body = prompts.imageToken + prompts.separator + body;
  return isGiven || body.endsWith('\n') ? body : `${body}\n`;
}

/** Token ids and, where there is an image, which of them stand for its features. */
export interface EncodedPrompt {
  ids: number[];
  image: { start: number; tokens: number } | null;
}

/**
 * Repeats the one image token of an image's prompt `tokens` times, in place.
 * Throws {@link InvalidInputError} unless there is exactly one.
 */
export function expandImageToken(ids: readonly number[], tokens: number, prompts: PromptConfig): EncodedPrompt {
  const start = ids.indexOf(prompts.imageTokenId);
  const found = ids.filter((id) => id === prompts.imageTokenId).length;
  if (found !== 1) {
    throw new InvalidInputError(
      `The text of an image must hold ${prompts.imageToken} once; it holds it ${found} times.`,
      { found },
    );
  }
  const image = new Array<number>(tokens).fill(prompts.imageTokenId);
  return { ids: [...ids.slice(0, start), ...image, ...ids.slice(start + 1)], image: { start, tokens } };
}

export interface EncodeOptions {
  prompts: PromptConfig;
  /** Visual tokens of the prompt's image; null without one, and then image tokens in the text stay as they are. */
  imageTokens: number | null;
  /** The caller's own limit: longer texts are cut there, as the reference's `max_len` does. */
  maxTokens?: number;
}

/**
 * Tokenises a composed prompt.
 * Throws {@link InvalidInputError} for a prompt without tokens, for one longer than the model takes, and for one with
 * an image that is longer than `maxTokens`: image tokens are never cut.
 */
export function encodePrompt(
  tokenizer: Tokenizer,
  prompt: string,
  { prompts, imageTokens, maxTokens }: EncodeOptions,
): EncodedPrompt {
  if (maxTokens !== undefined && (!Number.isInteger(maxTokens) || maxTokens < 1 || maxTokens > prompts.maxTokens)) {
    throw new InvalidInputError(
      `maxTokens is a whole number from 1 to the model's ${prompts.maxTokens}, not ${maxTokens}.`,
      { maxTokens },
    );
  }
  const ids = tokenizer.encode(prompt);
  if (ids.length === 0) throw new InvalidInputError('The text gives no tokens.', { prompt });
  if (imageTokens !== null) {
    const limit = maxTokens ?? prompts.maxTokens;
    const length = ids.length - 1 + imageTokens;
    if (length > limit) {
      throw new InvalidInputError(
        `The input is ${length} tokens long, ${imageTokens} of them for the image; at most ${limit} are taken. ` +
          'Lower maxPixels or shorten the text.',
        { tokens: length, imageTokens, maxTokens: limit },
      );
    }
    return expandImageToken(ids, imageTokens, prompts);
  }
  if (maxTokens !== undefined) return { ids: ids.slice(0, maxTokens), image: null };
  if (ids.length > prompts.maxTokens) {
    throw new InvalidInputError(
      `The text is ${ids.length} tokens long; the model takes at most ${prompts.maxTokens}. Shorten it, or set ` +
        'maxTokens to cut it.',
      { tokens: ids.length, maxTokens: prompts.maxTokens },
    );
  }
  return { ids, image: null };
}
