/** @file LLaVA-NeXT (LLaVA-1.6) with Mistral: CLIP on tiles of a picture, a projector, and a decoder without biases. */

import type { Architecture, Backbone, BackboneOptions, BundleFacts, Network } from '../architecture';
import { backboneOf, networkOf } from '../backbone';
import { beginToken } from '../begin-token';
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
    const bosTokenId = beginToken(files, config.vocabSize);
    return backbone({ config: { ...config, bosTokenId }, image, prompts }, options);
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

/**
 * The base model is published in float16 (`torch_dtype` of its config) and run in it, so nothing reaches 65504; a
 * factor of four is left for adapters. It is not smaller because Mistral's stream begins small: see `float16.test.ts`.
 */
const F16_SCALE = 1 / 4;

function network(config: LlavaNextConfig, { head, mlpSlices }: BackboneOptions): Network {
  return networkOf(config, {
    name: 'llava_next',
    vision: visionTower(config),
    source: TEXT,
    attentionBias: false,
    head,
    mlpSlices,
    f16Scale: F16_SCALE,
  });
}

function backbone({ config, image, prompts }: Facts, options: BackboneOptions): Backbone {
  return backboneOf(network(config, options), {
    config,
    image: { plan: 'tiles', ...image },
    prompts,
    picture: tiledPicture(config.vision, image),
    rotary: plainRotary(config),
    embedsEmptyText: true,
    encode: (tokenizer, prompt, images) =>
      encodePrompt([config.bosTokenId, ...tokenizer.encode(prompt)], images, prompts),
  });
}
