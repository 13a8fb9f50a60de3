/**
 * @file Qwen3-VL: a vision transformer with a stretched table of positions, mergers for the prompt and for the first layers
 * of the language model, and Qwen3. The graph of Qwen3-VL-Embedding, and of others trained from it.
 */

import { JsonField } from '../../bundle/json-field';
import { BundleFormatError } from '../../errors';
import type { Architecture, Backbone, BackboneOptions, BundleFacts, Network } from '../architecture';
import { backboneOf, networkOf } from '../backbone';
import { endToken } from '../end-token';
import { nativePicture, readNativeImage, type NativeImageConfig } from '../native/picture';
import { imageConfig, promptConfig } from '../native/processor';
import { textRotary } from '../native/rotary';
import { encodePrompt, expectToken } from '../prompt';
import { checkConfig, parseConfig, readConfig, type Qwen3VLConfig } from './config';
import { names, TEXT } from './names';
import { positionMixture } from './positions';
import { visionTower } from './vision';

export const qwen3vl: Architecture = {
  id: 'qwen3_vl',
  modelType: 'qwen3_vl',
  recipe: 'qwen3-vl-embedding',
  names,
  fromCheckpoint(files, options) {
    const config = parseConfig(files.config);
    const image = imageConfig(files.preprocessor, config);
    const prompts = promptConfig(files.tokenizer, config);
    expectToken(files.tokenizer, '<|vision_start|>', config.visionStartTokenId);
    const endTokenId = endToken(files.tokenizer, config.vocabSize);
    return backbone({ config: { ...config, endTokenId }, image, prompts }, options);
  },
  network: (config, options) => network(parseConfig(config), options),
  fromBundle({ config: json, image, prompts }, options) {
    const error = (at: string, what: string) => new BundleFormatError(`bundle.json: ${at}: ${what}`, { key: at });
    const root = new JsonField(json, error, 'config');
    const config = readConfig(root);
    checkConfig(config, (message) => new BundleFormatError(`bundle.json: ${message}.`));
    const endTokenId = root.get('endTokenId').integer(0, config.vocabSize - 1);
    return backbone({ config: { ...config, endTokenId }, image: readNativeImage(image), prompts }, options);
  },
};

interface Facts {
  config: Qwen3VLConfig & { readonly endTokenId: number };
  image: NativeImageConfig;
  prompts: BundleFacts['prompts'];
}

/** Activations of about 13,000 were seen before the final norm of the 8B; additions to them fit up to 1e6. */
const F16_SCALE = 1 / 16;

function network(config: Qwen3VLConfig, { head, mlpSlices }: BackboneOptions): Network {
  return networkOf(config, {
    name: 'qwen3_vl',
    vision: visionTower(config),
    source: TEXT,
    attentionBias: false,
    headNorms: true,
    deepLayers: config.vision.deepBlocks.length,
    head,
    mlpSlices,
    f16Scale: F16_SCALE,
  });
}

function backbone({ config, image, prompts }: Facts, options: BackboneOptions): Backbone {
  const { vision, endTokenId } = config;
  return backboneOf(network(config, options), {
    config,
    image: { plan: 'native', ...image },
    prompts,
    picture: { ...nativePicture(vision, image), mixture: ({ grid }) => positionMixture(vision, grid) },
    rotary: textRotary({ ...config, interleaved: true }),
    embedsEmptyText: true,
    encode(tokenizer, prompt, images) {
      const encoded = encodePrompt([...tokenizer.encode(prompt), endTokenId], images, prompts);
      return { ...encoded, tail: 1 };
    },
  });
}
