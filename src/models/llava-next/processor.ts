/**
 * @file What the checkpoint's `preprocessor_config.json` and tokenizer say about images and prompts. Every key that
 * transformers' `LlavaNextImageProcessor` (4.47) acts on is honoured or refused.
 */

import { JsonField } from '../../bundle/json-field';
import type { JsonObject, PromptConfig } from '../../bundle/manifest';
import { CheckpointFormatError, CheckpointMismatchError, SourceNotFoundError, UnsupportedError } from '../../errors';
import type { ImageSize } from '../../image';
import { readNormalisation } from '../numbers';
import { imageTokenPrompts } from '../prompt';
import { missingOr, refuseOtherSettings, unsetOr, type Computed } from '../settings';
import { checkShapes, parseShapes, type LlavaNextConfig } from './config';
import type { TileConfig } from './picture';

const IMAGE_TOKEN = '<image>';
const PREPROCESSOR = 'preprocessor_config.json';

/** null differs from missing: a step is then left out, and `resample` is bilinear. */
const COMPUTED: Computed = {
  do_resize: missingOr(true),
  resample: missingOr(3), // Pillow's bicubic
  do_center_crop: missingOr(true),
  do_rescale: missingOr(true),
  rescale_factor: missingOr(1 / 255),
  do_normalize: missingOr(true),
  do_pad: missingOr(true),
  do_convert_rgb: missingOr(true),
  image_processor_type: unsetOr('LlavaNextImageProcessor', 'LlavaNextImageProcessorFast'),
};

const failed = (at: string, what: string) => new CheckpointFormatError(`${PREPROCESSOR}: ${at}: ${what}`, { key: at });

/** Tiles, shapes and normalisation. */
export function imageConfig(
  { config: json, preprocessor }: { config: JsonObject; preprocessor: JsonObject | null },
  { vision }: LlavaNextConfig,
): TileConfig {
  if (!preprocessor) {
    throw new SourceNotFoundError(`The checkpoint has no ${PREPROCESSOR}; add its model's to the folder.`);
  }
  refuseOtherSettings(preprocessor, COMPUTED, { file: PREPROCESSOR });
  const root = new JsonField(preprocessor, failed);
  const { imageSize: tile, patchSize } = vision;
  for (const [side, value] of sidesOf(root)) {
    if (value === tile) continue;
    throw new CheckpointMismatchError(
      `${PREPROCESSOR} has ${side} ${value}, but config.json has tiles of ${tile} pixels.`,
      {
        key: side,
      },
    );
  }
  return {
    shapes: shapesOf(json, root, tile),
    tile,
    patchSize,
    ...readNormalisation(root.get('image_mean'), root.get('image_std')),
    // As in the release of transformers with which the model was evaluated.
    shortCanvas: true,
  };
}

/** Settings that must equal the side of a tile. */
function sidesOf(root: JsonField): [name: string, value: number][] {
  const side = (field: JsonField) => field.integer(1, 2 ** 16);
  const size = root.get('size');
  const crop = root.get('crop_size');
  const sides: [string, number][] = [];
  if (size.is('number')) sides.push(['size', side(size)]);
  else if (size.has('shortest_edge')) sides.push(['size.shortest_edge', side(size.get('shortest_edge'))]);
  else for (const key of ['height', 'width']) sides.push([`size.${key}`, side(size.get(key))]);
  if (crop.is('number')) sides.push(['crop_size', side(crop)]);
  else for (const key of ['height', 'width']) sides.push([`crop_size.${key}`, side(crop.get(key))]);
  return sides;
}

/** The processor fits by its list, the model unpads by its own: the lists must be equal. */
function shapesOf(config: JsonObject, root: JsonField, tile: number): readonly ImageSize[] {
  const inConfig = new JsonField(config, (at, what) => new CheckpointFormatError(`config.json: ${at}: ${what}`));
  const theirs = parseShapes(inConfig.get('image_grid_pinpoints'));
  const shapes = parseShapes(root.get('image_grid_pinpoints'));
  if (JSON.stringify(theirs) !== JSON.stringify(shapes)) {
    throw new CheckpointMismatchError(`${PREPROCESSOR} has different image_grid_pinpoints from config.json.`);
  }
  checkShapes(shapes, tile, (message) => new UnsupportedError(`image_grid_pinpoints: ${message}.`));
  return shapes;
}

/** The image placeholder, checked against the tokenizer. `tokenizer`: the parsed `tokenizer.json`. */
export function promptConfig(tokenizer: unknown, config: LlavaNextConfig): PromptConfig {
  return imageTokenPrompts(tokenizer, IMAGE_TOKEN, config);
}
