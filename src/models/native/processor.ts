/**
 * @file What the checkpoint's `preprocessor_config.json` and tokenizer say about images and prompts. Every key that
 * transformers' `Qwen2VLImageProcessor` acts on (slow and fast, releases 4.47 to 5.24 were read) is honoured or refused.
 */

import { LEAST_DEVIATION, MAX_CHANNEL, MAX_LIMIT, MAX_PIXELS, type PromptConfig } from '../../bundle/manifest';
import { isJsonObject } from '../../checkpoint/json';
import { CheckpointFormatError, CheckpointMismatchError, SourceNotFoundError } from '../../errors';
import { imageTokenPrompts } from '../prompt';
import { missingOr, refuseOtherSettings, unsetOr, type Computed } from '../settings';
import type { NativeImageConfig } from './picture';

const IMAGE_TOKEN = '<|image_pad|>';
const PREPROCESSOR = 'preprocessor_config.json';

/** Pillow's number for its bicubic filter. */
const BICUBIC = 3;
const COMPUTED: Computed = {
  do_resize: missingOr(true),
  resample: missingOr(BICUBIC),
  do_convert_rgb: missingOr(true),
  image_processor_type: missingOr('Qwen2VLImageProcessor', 'Qwen2VLImageProcessorFast', 'Qwen2VLImageProcessorPil'),
  // Steps that base classes of transformers' processors support
  do_center_crop: unsetOr(false),
  do_pad: unsetOr(false),
  do_flip_channel_order: unsetOr(false),
  do_grayscale: unsetOr(false),
  data_format: unsetOr('channels_first'),
};

/** What `config.json` says about patches. */
export interface PatchSizes {
  readonly patchSize: number;
  readonly mergeSize: number;
  readonly temporalPatchSize: number;
}

/**
 * Pixel limits, normalisation and patch sizes, of either generation of `preprocessor_config.json`
 * (`min_pixels`/`max_pixels`, or `size.shortest_edge`/`longest_edge` as pixel counts).
 */
export function imageConfig(
  preprocessor: Record<string, unknown> | null,
  { vision }: { vision: PatchSizes },
): NativeImageConfig {
  if (!preprocessor) {
    throw new SourceNotFoundError(`The checkpoint has no ${PREPROCESSOR}; add its model's to the folder.`);
  }
  refuseOtherSettings(preprocessor, COMPUTED, { file: PREPROCESSOR });
  const size = isJsonObject(preprocessor.size) ? preprocessor.size : {};
  const image: NativeImageConfig = {
    minPixels: pixels('min_pixels', preprocessor.min_pixels ?? size.min_pixels ?? size.shortest_edge, MAX_PIXELS),
    maxPixels: pixels('max_pixels', preprocessor.max_pixels ?? size.max_pixels ?? size.longest_edge, MAX_LIMIT),
    ...normalisation(preprocessor),
    patchSize: vision.patchSize,
    mergeSize: vision.mergeSize,
  };
  if (image.minPixels > image.maxPixels)
    throw new CheckpointFormatError(`${PREPROCESSOR}: min_pixels exceeds max_pixels.`);
  if (
    ![...image.mean, ...image.std].every((value) => Math.abs(value) <= MAX_CHANNEL) ||
    Math.min(...image.std) < LEAST_DEVIATION
  ) {
    throw new CheckpointFormatError(
      `${PREPROCESSOR}: image_mean and image_std must be at most ${MAX_CHANNEL}, image_std at least ${LEAST_DEVIATION}, after rescaling.`,
    );
  }
  const sizes = {
    patch_size: image.patchSize,
    merge_size: image.mergeSize,
    temporal_patch_size: vision.temporalPatchSize,
  };
  for (const [key, expected] of Object.entries(sizes)) {
    const value = preprocessor[key] ?? expected;
    if (value !== expected) {
      throw new CheckpointMismatchError(
        `${PREPROCESSOR} has ${key} ${String(value)}, but config.json has ${expected}.`,
        {
          key,
        },
      );
    }
  }
  return image;
}

/**
 * transformers computes (byte × rescale_factor − mean) / std, and leaves out what do_rescale and do_normalize turn off.
 * A bundle's bytes are always multiplied by 1/255, so any other factor is moved into mean and deviation.
 */
function normalisation(preprocessor: Record<string, unknown>): Pick<NativeImageConfig, 'mean' | 'std'> {
  const flag = (key: string): boolean => {
    const value = Object.hasOwn(preprocessor, key) ? preprocessor[key] : true;
    if (typeof value === 'boolean') return value;
    throw new CheckpointFormatError(`${PREPROCESSOR}: ${key} must be true or false.`, { key });
  };
  const factor = flag('do_rescale') ? (preprocessor.rescale_factor ?? 1 / 255) : 1;
  if (typeof factor !== 'number' || !Number.isFinite(factor) || factor <= 0) {
    throw new CheckpointFormatError(`${PREPROCESSOR}: rescale_factor must be a positive number.`, {
      key: 'rescale_factor',
    });
  }
  const normalise = flag('do_normalize');
  const mean = normalise ? channels('image_mean', preprocessor.image_mean) : ([0, 0, 0] as const);
  const std = normalise ? channels('image_std', preprocessor.image_std) : ([1, 1, 1] as const);
  if (std.some((value) => value <= 0)) throw new CheckpointFormatError(`${PREPROCESSOR}: image_std must be positive.`);
  const scale = factor === 1 / 255 ? 1 : factor * 255;
  return {
    mean: [mean[0] / scale, mean[1] / scale, mean[2] / scale],
    std: [std[0] / scale, std[1] / scale, std[2] / scale],
  };
}

/** The image placeholder, checked against the tokenizer. `tokenizer`: the parsed `tokenizer.json`. */
export function promptConfig(tokenizer: unknown, config: { imageTokenId: number; maxPositions: number }): PromptConfig {
  return imageTokenPrompts(tokenizer, IMAGE_TOKEN, config);
}

function pixels(key: string, value: unknown, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= most) return value;
  throw new CheckpointFormatError(
    `${PREPROCESSOR}: ${key} must be a whole number from 1 to ${most}, not ${String(value)}.`,
    { key },
  );
}

function channels(key: string, value: unknown): [number, number, number] {
  if (Array.isArray(value) && value.length === 3 && value.every((each) => Number.isFinite(each))) {
    return value as [number, number, number];
  }
  throw new CheckpointFormatError(`${PREPROCESSOR}: ${key} must be three numbers.`, { key });
}
