/** @file The numbers of a bundle, which the converter wrote: each is checked again here. */

import { JsonField } from '../../bundle/json-field';
import type { JsonObject } from '../../bundle/manifest';
import { BundleFormatError } from '../../errors';
import { MAX_COUNT, MAX_PATCH, MAX_TILE, readClip, readDecoder, readNormalisation } from '../numbers';
import { checkConfig, checkShapes, type LlavaNextConfig } from './config';
import type { TileConfig } from './picture';

const failed = (at: string, what: string) => new BundleFormatError(`bundle.json: ${at}: ${what}`, { key: at });

/** @throws BundleFormatError for a number that is missing or makes no sense */
export function readConfig(json: JsonObject): LlavaNextConfig & { bosTokenId: number } {
  const root = new JsonField(json, failed, 'config');
  const config = {
    ...readDecoder(root),
    imageTokenId: root.get('imageTokenId').integer(1, MAX_COUNT),
    bosTokenId: root.get('bosTokenId').integer(0, MAX_COUNT),
    vision: readClip(root.get('vision')),
  };
  const error = (message: string) => new BundleFormatError(`bundle.json: ${message}.`);
  checkConfig(config, error);
  if (config.bosTokenId >= config.vocabSize) throw error(`the token ${config.bosTokenId} is outside the vocabulary`);
  return config;
}

/** @throws BundleFormatError for a value that is missing, makes no sense, or does not fit the tower */
export function readTiles(json: JsonObject, { vision }: LlavaNextConfig): TileConfig {
  const root = new JsonField(json, failed, 'image');
  root.get('plan').oneOf(['tiles']);
  const side = (field: JsonField) => field.integer(1, 2 ** 16);
  const image: TileConfig = {
    shapes: root.get('shapes').items((item) => ({ width: side(item.get('width')), height: side(item.get('height')) }), {
      min: 1,
      max: 1000,
    }),
    tile: root.get('tile').integer(1, MAX_TILE),
    patchSize: root.get('patchSize').integer(1, MAX_PATCH),
    ...readNormalisation(root.get('mean'), root.get('std')),
    shortCanvas: root.get('shortCanvas').boolean(),
  };
  const error = (message: string) => new BundleFormatError(`bundle.json: ${message}.`);
  if (image.tile !== vision.imageSize || image.patchSize !== vision.patchSize) {
    throw error('tiles and patches of "image" are not those of "config.vision"');
  }
  checkShapes(image.shapes, image.tile, error);
  return image;
}
