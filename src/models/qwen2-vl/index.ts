/**
 * @file Qwen2-VL: a vision transformer over patches of any grid, a merger, and Qwen2. The graph of VLM2Vec and of a dozen
 * other published embedders.
 */

import type { Architecture, Backbone, BackboneOptions, BundleFacts, Network } from '../architecture';
import { backboneOf, networkOf } from '../backbone';
import { parseConfig, type Qwen2VLConfig } from './config';
import { modelConfig } from './manifest-config';
import { names } from './names';
import { nativePicture, readNativeImage, type NativeImageConfig } from '../native/picture';
import { imageConfig, promptConfig } from '../native/processor';
import { textRotary } from '../native/rotary';
import { encodePrompt } from '../prompt';
import { visionTower } from './vision';

export const qwen2vl: Architecture = {
  id: 'qwen2_vl',
  modelType: 'qwen2_vl',
  recipe: 'vlm2vec',
  names,
  fromCheckpoint(files, options) {
    const config = parseConfig(files.config);
    const image = imageConfig(files.preprocessor, config);
    const prompts = promptConfig(files.tokenizer, config);
    return backbone({ config, image, prompts }, options);
  },
  network: (config, options) => qwen2vlNetwork(parseConfig(config), options),
  fromBundle({ config, image, prompts }, options) {
    return backbone({ config: modelConfig(config), image: readNativeImage(image), prompts }, options);
  },
};

interface Facts {
  config: Qwen2VLConfig;
  image: NativeImageConfig;
  prompts: BundleFacts['prompts'];
}

/**
 * Single channels of the residual stream reach 1e4 – 1e5, and what `down_proj` adds to them would overflow float16
 * without a scale.
 */
const F16_SCALE = 1 / 16;

/** The weights and graphs for the numbers of `config`. */
export function qwen2vlNetwork(config: Qwen2VLConfig, { head, mlpSlices }: BackboneOptions): Network {
  return networkOf(config, {
    name: 'qwen2_vl',
    vision: visionTower(config),
    source: 'model',
    attentionBias: true,
    head,
    mlpSlices,
    f16Scale: F16_SCALE,
  });
}

function backbone({ config, image, prompts }: Facts, options: BackboneOptions): Backbone {
  return backboneOf(qwen2vlNetwork(config, options), {
    config,
    image: { plan: 'native', ...image },
    prompts,
    picture: nativePicture(config.vision, image),
    rotary: textRotary(config),
    encode: (tokenizer, prompt, images) => encodePrompt(tokenizer.encode(prompt), images, prompts),
  });
}
