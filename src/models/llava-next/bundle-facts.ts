/** @file The numbers of a bundle, which the converter wrote: each is checked again. */

import { JsonField } from '../../bundle/json-field';
import { LEAST_DEVIATION, MAX_CHANNEL, type JsonObject } from '../../bundle/manifest';
import { BundleFormatError } from '../../errors';
import { checkConfig, checkShapes, type LlavaNextConfig } from './config';
import type { TileConfig } from './picture';

const MAX_COUNT = 2 ** 24;

const failed = (at: string, what: string) => new BundleFormatError(`bundle.json: ${at}: ${what}`, { key: at });

/** @throws BundleFormatError for a number that is missing or makes no sense */
export function readConfig(json: JsonObject): LlavaNextConfig & { bosTokenId: number } {
  const root = new JsonField(json, failed, 'config');
  const tower = root.get('vision');
  const count = (field: JsonField) => field.integer(1, MAX_COUNT);
  const config = {
    hiddenSize: count(root.get('hiddenSize')),
    intermediateSize: count(root.get('intermediateSize')),
    layers: count(root.get('layers')),
    heads: count(root.get('heads')),
    kvHeads: count(root.get('kvHeads')),
    headDim: count(root.get('headDim')),
    rmsEps: root.get('rmsEps').number(1e-12, 0.1),
    ropeTheta: root.get('ropeTheta').number(1, 1e12),
    vocabSize: count(root.get('vocabSize')),
    maxPositions: count(root.get('maxPositions')),
    imageTokenId: count(root.get('imageTokenId')),
    bosTokenId: root.get('bosTokenId').integer(0, MAX_COUNT),
    vision: {
      depth: count(tower.get('depth')),
      width: count(tower.get('width')),
      heads: count(tower.get('heads')),
      headDim: count(tower.get('headDim')),
      mlpDim: count(tower.get('mlpDim')),
      patchSize: count(tower.get('patchSize')),
      imageSize: count(tower.get('imageSize')),
      layerNormEps: tower.get('layerNormEps').number(1e-12, 0.1),
    },
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
  const triple = (key: string, least: number) =>
    root.get(key).items((item) => item.number(least, MAX_CHANNEL), { min: 3, max: 3 }) as [number, number, number];
  const side = (field: JsonField) => field.integer(1, 2 ** 16);
  const image: TileConfig = {
    shapes: root.get('shapes').items((item) => ({ width: side(item.get('width')), height: side(item.get('height')) }), {
      min: 1,
      max: 1000,
    }),
    tile: root.get('tile').integer(1, 4096),
    patchSize: root.get('patchSize').integer(1, 256),
    mean: triple('mean', -MAX_CHANNEL),
    std: triple('std', LEAST_DEVIATION),
    shortCanvas: root.get('shortCanvas').boolean(),
  };
  const error = (message: string) => new BundleFormatError(`bundle.json: ${message}.`);
  if (image.tile !== vision.imageSize || image.patchSize !== vision.patchSize) {
    throw error('tiles and patches of "image" are not those of "config.vision"');
  }
  checkShapes(image.shapes, image.tile, error);
  return image;
}
