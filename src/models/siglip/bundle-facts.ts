/** @file The numbers of a bundle, which the converter wrote: each is checked again here. */

import { JsonField } from '../../bundle/json-field';
import type { JsonObject } from '../../bundle/manifest';
import { BundleFormatError } from '../../errors';
import { count, expectRules, MAX_COUNT, MAX_LAYERS, MAX_PATCH, MAX_TILE } from '../numbers';
import { checkConfig, type SiglipConfig } from './config';
import type { EncoderConfig } from './encoder';
import type { TextTokens } from './tokens';

const failed = (at: string, what: string) => new BundleFormatError(`bundle.json: ${at}: ${what}`, { key: at });

/** @throws BundleFormatError for a number that is missing or makes no sense */
export function readConfig(json: JsonObject): SiglipConfig & TextTokens {
  const root = new JsonField(json, failed, 'config');
  const encoder = (field: JsonField): EncoderConfig => ({
    width: count(field.get('width')),
    layers: field.get('layers').integer(1, MAX_LAYERS),
    heads: count(field.get('heads')),
    headDim: count(field.get('headDim')),
    mlpDim: count(field.get('mlpDim')),
    layerNormEps: field.get('layerNormEps').number(1e-12, 0.1),
  });
  const [text, vision] = [root.get('text'), root.get('vision')];
  const config = {
    dims: count(root.get('dims')),
    vocabSize: count(root.get('vocabSize')),
    text: { ...encoder(text), positions: count(text.get('positions')) },
    vision: {
      ...encoder(vision),
      imageSize: vision.get('imageSize').integer(1, MAX_TILE),
      patchSize: vision.get('patchSize').integer(1, MAX_PATCH),
    },
    endTokenId: root.get('endTokenId').integer(0, MAX_COUNT),
    padTokenId: root.get('padTokenId').integer(0, MAX_COUNT),
  };
  const error = (message: string) => new BundleFormatError(`bundle.json: ${message}.`);
  checkConfig(config, error);
  const { endTokenId, padTokenId, vocabSize } = config;
  expectRules([[Math.max(endTokenId, padTokenId) < vocabSize, 'a token is outside the vocabulary']], error);
  return config;
}
