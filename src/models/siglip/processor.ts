/**
 * @file What the checkpoint's `preprocessor_config.json` says about pictures. Every key that transformers'
 * `SiglipImageProcessor` (4.57) acts on is honoured or refused. Pictures are always converted to RGB, which it does not
 * do: others fail there.
 */

import { JsonField } from '../../bundle/json-field';
import type { JsonObject } from '../../bundle/manifest';
import { CheckpointFormatError, CheckpointMismatchError, SourceNotFoundError } from '../../errors';
import { readNormalisation } from '../numbers';
import { missingOr, refuseOtherSettings, unsetOr, type Computed } from '../settings';
import type { SiglipConfig } from './config';
import type { Filter, SquareConfig } from './picture';

const PREPROCESSOR = 'preprocessor_config.json';

/** Pillow's numbers for its filters. */
const FILTERS: Readonly<Record<number, Filter>> = { 2: 'bilinear', 3: 'bicubic' };
const BICUBIC = 3;

const COMPUTED: Computed = {
  image_processor_type: unsetOr('SiglipImageProcessor', 'SiglipImageProcessorFast'),
  do_resize: missingOr(true),
  resample: missingOr(...Object.keys(FILTERS).map(Number)),
  do_center_crop: unsetOr(false),
  do_pad: unsetOr(false),
  do_rescale: missingOr(true),
  rescale_factor: missingOr(1 / 255),
  do_normalize: missingOr(true),
  do_convert_rgb: unsetOr(true, false),
};

const failed = (at: string, what: string) => new CheckpointFormatError(`${PREPROCESSOR}: ${at}: ${what}`, { key: at });

/** Filter and normalisation. */
export function imageConfig(preprocessor: JsonObject | null, { vision }: SiglipConfig): SquareConfig {
  if (!preprocessor) {
    throw new SourceNotFoundError(`The checkpoint has no ${PREPROCESSOR}; add its model's to the folder.`);
  }
  refuseOtherSettings(preprocessor, COMPUTED, { file: PREPROCESSOR });
  const root = new JsonField(preprocessor, failed);
  const { imageSize, patchSize } = vision;
  for (const side of ['height', 'width']) {
    const value = root.get('size').given((size) => size.get(side).integer(1, 2 ** 16)) ?? DEFAULT_SIZE;
    if (value === imageSize) continue;
    throw new CheckpointMismatchError(
      `${PREPROCESSOR} has size.${side} ${value}, but config.json has pictures of ${imageSize} pixels.`,
      { key: `size.${side}` },
    );
  }
  const half = new JsonField([0.5, 0.5, 0.5], failed);
  const channels = (key: string) => root.get(key).given((field) => field) ?? half;
  return {
    size: imageSize,
    patchSize,
    filter: FILTERS[root.get('resample').optional((field) => field.integer(2, 3)) ?? BICUBIC]!,
    ...readNormalisation(channels('image_mean'), channels('image_std')),
  };
}

/** The defaults of the class. */
const DEFAULT_SIZE = 224;

/** Reads it as it was written to a bundle. */
export function readImage(root: JsonField, { vision: { imageSize, patchSize } }: SiglipConfig): SquareConfig {
  root.get('plan').oneOf(['square']);
  return {
    size: root.get('size').integer(imageSize, imageSize),
    patchSize: root.get('patchSize').integer(patchSize, patchSize),
    filter: root.get('filter').oneOf(['bilinear', 'bicubic'] as const),
    ...readNormalisation(root.get('mean'), root.get('std')),
  };
}
