/** @file What the checkpoint's `preprocessor_config.json` and tokenizer say about images and prompts. */

import { LEAST_DEVIATION, MAX_CHANNEL, MAX_LIMIT, MAX_PIXELS, type ImageConfig, type PromptConfig } from '../../bundle/manifest';
import { CheckpointFormatError, CheckpointMismatchError, SourceNotFoundError } from '../../errors';
import type { Qwen2VLConfig } from '../types';

const IMAGE_TOKEN = '<|image_pad|>';
const PREPROCESSOR = 'preprocessor_config.json';

/**
 * Pixel limits, normalisation and patch sizes, of either generation of `preprocessor_config.json`
 * (`min_pixels`/`max_pixels`, or `size.shortest_edge`/`longest_edge` as pixel counts).
 */
export function imageConfig(preprocessor: Record<string, unknown> | null, config: Qwen2VLConfig): ImageConfig {
  if (!preprocessor) {
    throw new SourceNotFoundError(`The checkpoint has no ${PREPROCESSOR}; add the one of its model to the folder.`);
  }
  const size = isRecord(preprocessor.size) ? preprocessor.size : {};
  const image: ImageConfig = {
    minPixels: pixels('min_pixels', preprocessor.min_pixels ?? size.min_pixels ?? size.shortest_edge, MAX_PIXELS),
    maxPixels: pixels('max_pixels', preprocessor.max_pixels ?? size.max_pixels ?? size.longest_edge, MAX_LIMIT),
    mean: channels('image_mean', preprocessor.image_mean),
    std: channels('image_std', preprocessor.image_std),
    patchSize: config.vision.patchSize,
    mergeSize: config.vision.mergeSize,
  };
  if (image.minPixels > image.maxPixels)
    throw new CheckpointFormatError(`${PREPROCESSOR}: min_pixels exceeds max_pixels.`);
  if (image.std.some((value) => value < LEAST_DEVIATION)) {
    throw new CheckpointFormatError(`${PREPROCESSOR}: image_std must be at least ${LEAST_DEVIATION}.`);
  }
  const sizes = { patch_size: image.patchSize, merge_size: image.mergeSize };
  for (const [key, expected] of Object.entries(sizes)) {
    const value = preprocessor[key] ?? expected;
    if (value !== expected) {
      throw new CheckpointMismatchError(`${PREPROCESSOR} has ${key} ${String(value)}, config.json ${expected}.`, {
        key,
      });
    }
  }
  return image;
}

/** The image placeholder, proved to be the tokenizer's own. `tokenizer`: the parsed `tokenizer.json`. */
export function promptConfig(tokenizer: unknown, config: Qwen2VLConfig): PromptConfig {
  const added = isRecord(tokenizer) && Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens : [];
  const token = added.filter(isRecord).find(({ content }) => content === IMAGE_TOKEN);
  if (token?.id !== config.imageTokenId) {
    throw new CheckpointMismatchError(
      `tokenizer.json gives ${IMAGE_TOKEN} the id ${String(token?.id)}, config.json ${config.imageTokenId}: they are ` +
        'not of one model.',
      { tokenizer: token?.id, config: config.imageTokenId },
    );
  }
  return {
    imageToken: IMAGE_TOKEN,
    imageTokenId: config.imageTokenId,
    separator: '\n',
    maxTokens: config.maxPositions,
  };
}

function pixels(key: string, value: unknown, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= most) return value;
  throw new CheckpointFormatError(
    `${PREPROCESSOR}: ${key} must be a whole number from 1 to ${most}, not ${String(value)}.`,
    { key },
  );
}

function channels(key: string, value: unknown): [number, number, number] {
  if (Array.isArray(value) && value.length === 3 && value.every((each) => Math.abs(each as number) <= MAX_CHANNEL)) {
    return value as [number, number, number];
  }
  throw new CheckpointFormatError(`${PREPROCESSOR}: ${key} must be three numbers.`, { key });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
