/**
 * @file SigLIP 2 of one picture size (`model_type` siglip, as SigLIP 1's): a vision tower and a text tower that were
 * trained together and share nothing. Each returns vectors of its own.
 */

import { JsonField } from '../../bundle/json-field';
import type { JsonObject } from '../../bundle/manifest';
import { BundleFormatError, UnsupportedError } from '../../errors';
import { APART, type Architecture, type Backbone, type BackboneOptions, type Network } from '../architecture';
import { readConfig } from './bundle-facts';
import { parseConfig, type SiglipConfig } from './config';
import { LOGIT, names, TEXT } from './names';
import { squarePicture, type SquareConfig } from './picture';
import { imageConfig, readImage } from './processor';
import { textTower } from './text';
import { textIds, textTokens, type TextTokens } from './tokens';
import { visionTower } from './vision';

export const siglip: Architecture = {
  id: 'siglip',
  modelType: 'siglip',
  refuses: {
    siglip2:
      'SigLIP 2 NaFlex, whose pictures keep their shape, is not supported. The checkpoints with a fixed picture size are: ' +
      'google/siglip2-base-patch16-224 and others.',
  },
  recipe: 'siglip2',
  names,
  fromCheckpoint(files, options) {
    const config = parseConfig(files.config);
    const tokens = textTokens(files, config.vocabSize);
    return backbone({ ...config, ...tokens }, imageConfig(files.preprocessor, config), options);
  },
  network: (config, options) => network(parseConfig(config), options),
  fromBundle({ config: json, image }, options) {
    const config = readConfig(json);
    const failed = (at: string, what: string) => new BundleFormatError(`bundle.json: ${at}: ${what}`, { key: at });
    return backbone(config, readImage(new JsonField(image, failed, 'image'), config), options);
  },
};

/** Used in the strings of recipes; it is not a token. */
const MARK = '<image>';
const NO_TOKEN = -1;

function network(config: SiglipConfig, { head }: BackboneOptions): Network {
  if (head) {
    throw new UnsupportedError('The recipe ends in its own head, for which SigLIP has no place.', { head });
  }
  return {
    name: 'siglip',
    hiddenSize: config.text.width,
    dims: config.dims,
    vocabSize: config.vocabSize,
    embeddingTensor: `${TEXT}.embeddings.token_embedding.weight`,
    logit: LOGIT,
    routes: APART,
    towers: { vision: visionTower(config.vision), text: textTower(config) },
  };
}

function backbone(config: SiglipConfig & TextTokens, image: SquareConfig, options: BackboneOptions): Backbone {
  const length = config.text.positions;
  return {
    ...network(config, options),
    config: { ...config } as unknown as JsonObject,
    image: { plan: 'square', ...image },
    prompts: { imageToken: MARK, imageTokenId: NO_TOKEN, maxTokens: length },
    picture: squarePicture(image),
    rotary: null,
    embedsEmptyText: true,
    textTokens: length,
    encode: (tokenizer, text) => ({ ids: textIds(tokenizer, text, { ...config, length }), images: [] }),
  };
}
