/**
 * @file Phi-3-Vision and Phi-3.5-Vision: CLIP on tiles of a picture, a projector with separators, and Phi-3 with long
 * rotary embeddings.
 */

import { JsonField } from '../../bundle/json-field';
import { BundleFormatError } from '../../errors';
import type { Architecture, Backbone, BackboneOptions, BundleFacts, Network } from '../architecture';
import { backboneOf, networkOf } from '../backbone';
import { beginToken } from '../begin-token';
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
  fromCheckpoint(files, options) {
    const config = parseConfig(files.config);
    const image = imageConfig(files.preprocessor, config);
    const bosTokenId = beginToken(files, config.vocabSize);
    return backbone({ config: { ...config, bosTokenId }, image, prompts: promptConfig(config) }, options);
  },
  network: (config, options) => network(parseConfig(config), options),
  fromBundle({ config: json, image: imageJson, prompts }, options) {
    const error = (at: string, what: string) => new BundleFormatError(`bundle.json: ${at}: ${what}`, { key: at });
    const root = new JsonField(json, error, 'config');
    const config = readConfig(root);
    checkConfig(config, (message) => new BundleFormatError(`bundle.json: ${message}.`));
    const image = readImage(new JsonField(imageJson, error, 'image'), config);
    const bosTokenId = root.get('bosTokenId').integer(0, config.vocabSize - 1);
    return backbone({ config: { ...config, bosTokenId }, image, prompts }, options);
  },
};

interface Facts {
  config: Phi3VConfig & { readonly bosTokenId: number };
  image: HdConfig;
  prompts: BundleFacts['prompts'];
}

/**
 * Published in bfloat16 only. Phi-3-mini, whose decoder it is, does run in float16, but of Phi-3.5-V and what was
 * trained from it no measurement is known; 1/16 allows additions to the stream up to 1e6, and costs less than 1e-6 if
 * the stream is small.
 */
const F16_SCALE = 1 / 16;

function network(config: Phi3VConfig, { head, mlpSlices }: BackboneOptions): Network {
  const decoder = { source: TEXT, attentionBias: false, fused: true, head, mlpSlices, f16Scale: F16_SCALE };
  return networkOf(config, { name: 'phi3_v', vision: visionTower(config), ...decoder });
}

function backbone({ config, image, prompts }: Facts, options: BackboneOptions): Backbone {
  return backboneOf(network(config, options), {
    config,
    image: { plan: 'hd', ...image },
    prompts,
    picture: hdPicture(config.vision, image),
    rotary: longRotary(config),
    embedsEmptyText: true,
    encode: (tokenizer, prompt, images) =>
      encodePrompt((text) => [config.bosTokenId, ...tokenizer.encode(text)], prompt, images),
  });
}
