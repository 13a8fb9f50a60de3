/**
 * @file What the checkpoint's `preprocessor_config.json` and tokenizer say about images and prompts. Every key that
 * transformers' `LlavaNextImageProcessor` (4.47) acts on is honoured or refused.
 */

import { JsonField } from '../../bundle/json-field';
import { LEAST_DEVIATION, MAX_CHANNEL, type JsonObject, type PromptConfig } from '../../bundle/manifest';
import { isJsonObject } from '../../checkpoint/json';
import { CheckpointFormatError, CheckpointMismatchError, SourceNotFoundError, UnsupportedError } from '../../errors';
import type { ImageSize } from '../../image';
import { checkShapes, parseShapes, type LlavaNextConfig } from './config';
import type { TileConfig } from './picture';

const IMAGE_TOKEN = '<image>';
const PREPROCESSOR = 'preprocessor_config.json';

/** Settings with the only values that are computed. Missing is transformers' default, which they are. */
const COMPUTED: Readonly<Record<string, readonly unknown[]>> = {
  do_resize: [true, null],
  resample: [3, null], // Pillow's bicubic
  do_center_crop: [true, null],
  do_rescale: [true, null],
  rescale_factor: [1 / 255, null],
  do_normalize: [true, null],
  do_pad: [true, null],
  do_convert_rgb: [true, null],
  image_processor_type: ['LlavaNextImageProcessor', 'LlavaNextImageProcessorFast', null],
};

const failed = (at: string, what: string) => new CheckpointFormatError(`${PREPROCESSOR}: ${at}: ${what}`, { key: at });

/** Tiles, shapes and normalisation. */
export function imageConfig(
  { config: json, preprocessor }: { config: JsonObject; preprocessor: JsonObject | null },
  { vision }: LlavaNextConfig,
): TileConfig {
  if (!preprocessor) {
    throw new SourceNotFoundError(`The checkpoint has no ${PREPROCESSOR}; add the one of its model to the folder.`);
  }
  for (const [key, values] of Object.entries(COMPUTED)) {
    if (!Object.hasOwn(preprocessor, key) || values.includes(preprocessor[key])) continue;
    throw new UnsupportedError(
      `${PREPROCESSOR}: ${key} is ${JSON.stringify(preprocessor[key])}, which this version does not compute.`,
      { key, value: preprocessor[key] },
    );
  }
  const root = new JsonField(preprocessor, failed);
  const { imageSize: tile, patchSize } = vision;
  for (const [side, value] of sidesOf(root)) {
    if (value === tile) continue;
    throw new CheckpointMismatchError(`${PREPROCESSOR} has ${side} ${value}, config.json tiles of ${tile} pixels.`, {
      key: side,
    });
  }
  const triple = (key: string, least: number) =>
    root.get(key).items((item) => item.number(least, MAX_CHANNEL), { min: 3, max: 3 }) as [number, number, number];
  return {
    shapes: shapesOf(json, root, tile),
    tile,
    patchSize,
    mean: triple('image_mean', -MAX_CHANNEL),
    std: triple('image_std', LEAST_DEVIATION),
    // As the release of transformers that the model was evaluated with has it.
    shortCanvas: true,
  };
}

/** What must be the side of a tile. */
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

/** The processor fits by its list, the model unpads by its own: they must be one. */
function shapesOf(config: JsonObject, root: JsonField, tile: number): ImageSize[] {
  const inConfig = new JsonField(config, (at, what) => new CheckpointFormatError(`config.json: ${at}: ${what}`));
  const theirs = parseShapes(inConfig.get('image_grid_pinpoints'));
  const own = parseShapes(root.get('image_grid_pinpoints'));
  const shapes = own ?? theirs;
  if (shapes === null) {
    throw new CheckpointFormatError(`Neither config.json nor ${PREPROCESSOR} has "image_grid_pinpoints".`);
  }
  if (theirs !== null && JSON.stringify(theirs) !== JSON.stringify(shapes)) {
    throw new CheckpointMismatchError(`${PREPROCESSOR} has other image_grid_pinpoints than config.json.`);
  }
  checkShapes(shapes, tile, (message) => new UnsupportedError(`image_grid_pinpoints: ${message}.`));
  return shapes;
}

/** The image placeholder, proved to be the tokenizer's own. `tokenizer`: the parsed `tokenizer.json`. */
export function promptConfig(tokenizer: unknown, config: LlavaNextConfig): PromptConfig {
  const id = tokenIdOf(tokenizer, IMAGE_TOKEN);
  if (id !== config.imageTokenId) {
    throw new CheckpointMismatchError(
      `tokenizer.json gives ${IMAGE_TOKEN} the id ${String(id)}, config.json ${config.imageTokenId}: they are not of one model.`,
      { tokenizer: id, config: config.imageTokenId },
    );
  }
  return { imageToken: IMAGE_TOKEN, imageTokenId: config.imageTokenId, maxTokens: config.maxPositions };
}

function tokenIdOf(tokenizer: unknown, token: string): number | undefined {
  const added = isJsonObject(tokenizer) && Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens : [];
  const found = added.filter(isJsonObject).find(({ content }) => content === token);
  return typeof found?.id === 'number' && Number.isInteger(found.id) && found.id >= 0 ? found.id : undefined;
}
