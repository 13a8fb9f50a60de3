/**
 * @file What the checkpoint's `preprocessor_config.json` and tokenizer say about pictures and prompts. Every key that the
 * authors' `Phi3VImageProcessor` acts on is honoured or refused.
 */

import { JsonField } from '../../bundle/json-field';
import type { JsonObject, PromptConfig } from '../../bundle/manifest';
import { CheckpointFormatError, CheckpointMismatchError, SourceNotFoundError } from '../../errors';
import { MAX_CROPS } from '../../image';
import { readNormalisation } from '../numbers';
import { missingOr, refuseOtherSettings, unsetOr, type Computed } from '../settings';
import type { Phi3VConfig } from './config';
import type { HdConfig } from './picture';

export const IMAGE_TOKEN = '<|image_1|>';
/** As in the authors' ids, a picture's place has an id that is not a token. */
export const NO_TOKEN = -1;
const PREPROCESSOR = 'preprocessor_config.json';

const COMPUTED: Computed = {
  image_processor_type: unsetOr('Phi3VImageProcessor'),
  do_convert_rgb: missingOr(true),
};

/** The number of crops, and normalisation. */
export function imageConfig(preprocessor: JsonObject | null, { vision }: Phi3VConfig): HdConfig {
  if (!preprocessor) {
    throw new SourceNotFoundError(`The checkpoint has no ${PREPROCESSOR}; add its model's to the folder.`);
  }
  const root = new JsonField(
    preprocessor,
    (at, what) => new CheckpointFormatError(`${PREPROCESSOR}: ${at}: ${what}`, { key: at }),
  );
  refuseOtherSettings(preprocessor, COMPUTED, { file: PREPROCESSOR });
  const tokens = (vision.imageSize / vision.patchSize / 2) ** 2;
  if (root.has('num_img_tokens') && root.get('num_img_tokens').integer(1) !== tokens) {
    throw new CheckpointMismatchError(
      `${PREPROCESSOR} has num_img_tokens ${String(preprocessor.num_img_tokens)}, but config.json's tower gives ${tokens}.`,
    );
  }
  return {
    numCrops: root.get('num_crops').integer(1, MAX_CROPS),
    tile: vision.imageSize,
    patchSize: vision.patchSize,
    ...readNormalisation(root.get('image_mean'), root.get('image_std')),
  };
}

/** Reads it as it was written to a bundle. */
export function readImage(root: JsonField, { vision }: Phi3VConfig): HdConfig {
  root.get('plan').oneOf(['hd']);
  const { imageSize, patchSize } = vision;
  return {
    numCrops: root.get('numCrops').integer(1, MAX_CROPS),
    tile: root.get('tile').integer(imageSize, imageSize),
    patchSize: root.get('patchSize').integer(patchSize, patchSize),
    ...readNormalisation(root.get('mean'), root.get('std')),
  };
}

/** A prompt's pictures are marks in the string, not tokens. */
export function promptConfig({ maxPositions }: Phi3VConfig): PromptConfig {
  return { imageToken: IMAGE_TOKEN, imageTokenId: NO_TOKEN, maxTokens: maxPositions };
}
