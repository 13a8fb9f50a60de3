/** @file LLaVA-NeXT (LLaVA-1.6) with Mistral: CLIP on tiles of a picture, a projector, and a decoder without biases. */

import type { JsonObject } from '../../bundle/manifest';
import type { Architecture, Backbone, BackboneOptions, BundleFacts, Network } from '../architecture';
import { bosTokenId } from '../begin-token';
import { decoderTower } from '../blocks/decoder';
import { plainRotary } from '../blocks/rotary';
import { encodePrompt } from '../prompt';
import { readConfig, readTiles } from './bundle-facts';
import { parseConfig, type LlavaNextConfig } from './config';
import { names, TEXT } from './names';
import { tiledPicture, type TileConfig } from './picture';
import { imageConfig, promptConfig } from './processor';
import { visionTower } from './vision';

export const llavaNext: Architecture = {
  id: 'llava_next',
  modelType: 'llava_next',
  recipe: 'vlm2vec',
  names,
  fromCheckpoint(files, options) {
    const config = parseConfig(files.config);
    const image = imageConfig(files, config);
    const prompts = promptConfig(files.tokenizer, config);
    return backbone({ config: { ...config, bosTokenId: bosTokenId(files.tokenizer) }, image, prompts }, options);
  },
  network: (config, options) => network(parseConfig(config), options),
  fromBundle(facts, options) {
    const config = readConfig(facts.config);
    return backbone({ config, image: readTiles(facts.image, config), prompts: facts.prompts }, options);
  },
};

interface Facts {
  config: LlavaNextConfig & { readonly bosTokenId: number };
  image: TileConfig;
  prompts: BundleFacts['prompts'];
}

function network(config: LlavaNextConfig, { head, mlpSlices }: BackboneOptions): Network {
  return {
    name: 'llava_next',
    hiddenSize: config.hiddenSize,
    dims: head?.size ?? config.hiddenSize,
    vocabSize: config.vocabSize,
    embeddingTensor: `${TEXT}.embed_tokens.weight`,
    towers: {
      vision: visionTower(config),
      text: decoderTower(config, { source: TEXT, attentionBias: false, head, mlpSlices }),
    },
  };
}

function backbone({ config, image, prompts }: Facts, options: BackboneOptions): Backbone {
  return {
    ...network(config, options),
    config: { ...config } as JsonObject,
    image: { plan: 'tiles', ...image } as JsonObject,
    prompts,
    picture: tiledPicture(config.vision, image),
    rotary: plainRotary(config),
    embedsEmptyText: true,
    encode: (tokenizer, prompt, images) =>
      encodePrompt([config.bosTokenId, ...tokenizer.encode(prompt)], images, prompts),
  };
}
