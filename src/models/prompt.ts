/** @file Prompts whose pictures are tokens: each image token is repeated for the visual tokens of its picture. */

import type { PromptConfig } from '../bundle/manifest';
import { isJsonObject } from '../checkpoint/json';
import { CheckpointMismatchError, InvalidInputError } from '../errors';
import type { EncodedPrompt } from './architecture';

/**
 * The image placeholder, checked against the tokenizer.
 *
 * @param tokenizer the parsed `tokenizer.json`
 * @throws CheckpointMismatchError if its id differs from that in `config.json`
 */
export function imageTokenPrompts(
  tokenizer: unknown,
  imageToken: string,
  { imageTokenId, maxPositions }: { imageTokenId: number; maxPositions: number },
): PromptConfig {
  expectToken(tokenizer, imageToken, imageTokenId);
  return { imageToken, imageTokenId, maxTokens: maxPositions };
}

/**
 * @throws CheckpointMismatchError if the parsed `tokenizer.json` and `config.json` have different ids for an added
 * token
 */
export function expectToken(tokenizer: unknown, token: string, expected: number): void {
  const added = isJsonObject(tokenizer) && Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens : [];
  const id = added.filter(isJsonObject).find(({ content }) => content === token)?.id;
  if (id === expected) return;
  throw new CheckpointMismatchError(
    `tokenizer.json gives ${token} the id ${String(id)}, but config.json ${expected}: they belong to different models.`,
    { tokenizer: id, config: expected },
  );
}

/**
 * @param images Visual tokens of each picture, in order. Without pictures, image tokens remain literal tokens.
 * @throws InvalidInputError unless there is one image token per picture
 */
export function encodePrompt(
  ids: readonly number[],
  images: readonly number[],
  { imageToken, imageTokenId }: PromptConfig,
): EncodedPrompt {
  if (images.length === 0) return { ids: [...ids], images: [] };
  const found = ids.filter((id) => id === imageTokenId).length;
  if (found !== images.length) {
    throw new InvalidInputError(
      images.length === 1
        ? `The text of an image must contain ${imageToken} once; it contains it ${found} times.`
        : `The text of ${images.length} images must contain ${imageToken} as many times; it contains it ${found} times.`,
      { found, images: images.length },
    );
  }
  const result: EncodedPrompt = { ids: [], images: [] };
  for (const id of ids) {
    if (id !== imageTokenId) {
      result.ids.push(id);
      continue;
    }
    const tokens = images[result.images.length]!;
    result.images.push({ start: result.ids.length, tokens });
    for (let i = 0; i < tokens; i++) result.ids.push(imageTokenId);
  }
  return result;
}
