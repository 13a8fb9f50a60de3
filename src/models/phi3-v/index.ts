/**
 * @file Phi-3-Vision and Phi-3.5-Vision: CLIP on tiles of a picture, a projector with separators, and Phi-3 with long
 * rotary embeddings.
 */

import { JsonField } from '../../bundle/json-field';
import type { JsonObject } from '../../bundle/manifest';
import { BundleFormatError } from '../../errors';
import type { Architecture, Backbone, BackboneOptions, BundleFacts, Network } from '../architecture';
import { bosTokenId } from '../begin-token';
import { decoderTower } from '../blocks/decoder';
import { checkConfig, parseConfig, readConfig, type Phi3VConfig } from './config';
import { names, TEXT } from './names';
import { hdPicture, type HdConfig } from './picture';
import { imageConfig, promptConfig, readImage } from './processor';
import { encodePrompt } from './prompt';
import { longRotary } from './rotary';
import { visionTower } from './vision';

export const phi3v: Architecture = {
  id: 'phi3_v',
  modelType: 'phi3_v',
  recipe: 'vlm2vec',
  names,
  fromCheckpoint({ config: json, preprocessor, tokenizer }, options) {
    const config = parseConfig(json);
    const image = imageConfig(preprocessor, config);
    const bos = bosTokenId(tokenizer, config.vocabSize);
    return backbone({ config: { ...config, bosTokenId: bos }, image, prompts: promptConfig(config) }, options);
  },
  network: (config, options) => network(parseConfig(config), options),
  fromBundle({ config: json, image: imageJson, prompts }, options) {
    const error = (at: string, what: string) => new BundleFormatError(`bundle.json: ${at}: ${what}`, { key: at });
    const root = new JsonField(json, error, 'config');
    const config = readConfig(root);
    checkConfig(config, (message) => new BundleFormatError(`bundle.json: ${message}.`));
    const image = readImage(new JsonField(imageJson, error, 'image'), config);
    const bos = root.get('bosTokenId').integer(0, config.vocabSize - 1);
    return backbone({ config: { ...config, bosTokenId: bos }, image, prompts }, options);
  },
};

interface Facts {
  config: Phi3VConfig & { readonly bosTokenId: number };
  image: HdConfig;
  prompts: BundleFacts['prompts'];
}

function network(config: Phi3VConfig, { head, mlpSlices }: BackboneOptions): Network {
  return {
    name: 'phi3_v',
    hiddenSize: config.hiddenSize,
    dims: head?.size ?? config.hiddenSize,
    vocabSize: config.vocabSize,
    embeddingTensor: `${TEXT}.embed_tokens.weight`,
    towers: {
      vision: visionTower(config),
      text: decoderTower(config, { source: TEXT, attentionBias: false, fused: true, head, mlpSlices }),
    },
  };
}

function backbone({ config, image, prompts }: Facts, options: BackboneOptions): Backbone {
  return {
    ...network(config, options),
    config: { ...config } as JsonObject,
    image: { plan: 'hd', ...image } as JsonObject,
    prompts,
    picture: hdPicture(config.vision, image),
    rotary: longRotary(config),
    embedsEmptyText: true,
    encode: (tokenizer, prompt, images) =>
      encodePrompt((text) => [config.bosTokenId, ...tokenizer.encode(text)], prompt, images),
  };
}
