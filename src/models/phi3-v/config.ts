/**
 * @file Reads the `config.json` of Phi-3-Vision and Phi-3.5-Vision. It states only the name of the CLIP tower: the
 * sizes are constants in the authors' code, unless `img_processor.clip_config` has others. Settings that their code
 * acts on but that are not computed here are refused.
 */

import { JsonField } from '../../bundle/json-field';
import type { JsonObject } from '../../bundle/manifest';
import { CheckpointFormatError, UnsupportedError } from '../../errors';
import type { ClipConfig } from '../blocks/clip';
import type { DecoderConfig } from '../blocks/decoder';
import {
  clipRules,
  decoderRules,
  expectRules,
  MAX_COUNT,
  MAX_LAYERS,
  MAX_PATCH,
  MAX_THETA,
  MAX_TILE,
  readClip,
  readDecoder,
  refuseShorterWindow,
  type Rule,
} from '../numbers';
import { is, missingOr, refuseOtherSettings, unsetOr, type Computed } from '../settings';

/** Numbers of a checkpoint. */
export interface Phi3VConfig extends DecoderConfig {
  readonly vocabSize: number;
  readonly maxPositions: number;
  readonly ropeTheta: number;
  /** Sequences with more tokens than this use the long factors. */
  readonly switchPositions: number;
  /** Divisors of the rotary frequencies. // [headDim/2] */
  readonly shortFactors: readonly number[];
  readonly longFactors: readonly number[];
  readonly vision: ClipConfig;
}

const LEAST_FACTOR = 1e-3;
const MAX_FACTOR = 1e6;

/** openai/clip-vit-large-patch14-336, which runs all but the last of its 24 blocks. */
const VIT_L: ClipConfig = {
  depth: 23,
  width: 1024,
  heads: 16,
  headDim: 64,
  mlpDim: 4096,
  patchSize: 14,
  imageSize: 336,
  layerNormEps: 1e-5,
};

const WHOLE: Computed = {
  hidden_act: missingOr('silu'),
  attention_bias: unsetOr(false),
  mlp_bias: unsetOr(false),
  partial_rotary_factor: missingOr(1),
  quantization_config: unsetOr(),
  compression_config: unsetOr(),
};

/** The authors' code has other defaults. */
const EMBEDDING: Computed = {
  embedding_cls: is('image'),
  hd_transform_order: is('sub_glb'),
  projection_cls: is('mlp'),
  use_hd_transform: is(true),
  with_learnable_separator: is(true),
};

const TOWER: Computed = {
  name: is('clip_vision_model'),
  model_name: is('openai/clip-vit-large-patch14-336'),
  layer_idx: missingOr(-2),
  type_feature: missingOr('patch'),
};

const OWN_TOWER: Computed = { hidden_act: missingOr('quick_gelu'), num_channels: missingOr(3) };

/**
 * @throws UnsupportedError for a variant that is not computed; CheckpointFormatError for a number that is missing or makes
 * no sense
 */
export function parseConfig(json: JsonObject): Phi3VConfig {
  const root = new JsonField(json, (at, what) => new CheckpointFormatError(`config.json: ${at}: ${what}`, { key: at }));
  refuseOtherSettings(json, WHOLE);
  refuseOtherSettings(root.get('embd_layer').record(), EMBEDDING, { path: 'embd_layer.' });
  const rope = ropeScaling(root.get('rope_scaling'));
  const hiddenSize = root.get('hidden_size').integer(1, MAX_COUNT);
  const heads = root.get('num_attention_heads').integer(1, MAX_COUNT);
  const config: Phi3VConfig = {
    hiddenSize,
    intermediateSize: root.get('intermediate_size').integer(1, MAX_COUNT),
    layers: root.get('num_hidden_layers').integer(1, MAX_LAYERS),
    heads,
    kvHeads: root.get('num_key_value_heads').given((field) => field.integer(1, MAX_COUNT)) ?? heads,
    headDim: hiddenSize / heads,
    rmsEps: root.get('rms_norm_eps').number(1e-12, 0.1),
    vocabSize: root.get('vocab_size').integer(1, MAX_COUNT),
    maxPositions: root.get('max_position_embeddings').integer(1, MAX_COUNT),
    ropeTheta: root.get('rope_theta').number(1, MAX_THETA),
    switchPositions: root.get('original_max_position_embeddings').integer(2, MAX_COUNT),
    ...rope,
    vision: tower(root.get('img_processor')),
  };
  const window = root.get('sliding_window').given((field) => field.integer(1));
  refuseShorterWindow(window, config.maxPositions, 'sliding_window');
  checkConfig(config, (message) => new CheckpointFormatError(`config.json: ${message}.`));
  return config;
}

/** Numbers of a bundle, which the converter wrote: each is checked again here. */
export function readConfig(root: JsonField): Phi3VConfig {
  return {
    ...readDecoder(root),
    switchPositions: root.get('switchPositions').integer(2, MAX_COUNT),
    shortFactors: factors(root.get('shortFactors')),
    longFactors: factors(root.get('longFactors')),
    vision: readClip(root.get('vision')),
  };
}

/** Checks that hold between the numbers, whether from a checkpoint or a bundle. @throws what `error` creates */
export function checkConfig(config: Phi3VConfig, error: (message: string) => Error): void {
  const { vision, headDim } = config;
  const perSide = vision.imageSize / vision.patchSize;
  const rules: Rule[] = [
    ...decoderRules(config),
    ...clipRules(vision),
    [
      config.shortFactors.length === headDim / 2 && config.longFactors.length === headDim / 2,
      `rope_scaling must have ${headDim / 2} short factors and as many long ones`,
    ],
    [
      Number.isInteger(perSide) && perSide % 2 === 0,
      `tiles of ${vision.imageSize} pixels are not whole pairs of patches of ${vision.patchSize}`,
    ],
  ];
  expectRules(rules, error);
}

/** Exactly the three keys that the authors' code accepts; `longrope` is the later name of `su`. */
function ropeScaling(field: JsonField): Pick<Phi3VConfig, 'shortFactors' | 'longFactors'> {
  const { type } = field.record();
  if (type !== 'su' && type !== 'longrope') {
    throw new UnsupportedError(
      `config.json: "rope_scaling.type" is ${JSON.stringify(type)}, which this version does not support.`,
      { key: 'rope_scaling.type', value: type },
    );
  }
  field.keys(['type', 'short_factor', 'long_factor']);
  return { shortFactors: factors(field.get('short_factor')), longFactors: factors(field.get('long_factor')) };
}

function factors(field: JsonField): number[] {
  return field.items((item) => item.number(LEAST_FACTOR, MAX_FACTOR), { min: 1, max: 4096 });
}

function tower(field: JsonField): ClipConfig {
  refuseOtherSettings(field.record(), TOWER, { path: 'img_processor.' });
  const config = field.get('clip_config').given(ownTower) ?? VIT_L;
  field.get('image_dim_out').integer(config.width, config.width);
  const tokens = (config.imageSize / config.patchSize / 2) ** 2;
  field.get('num_img_tokens').integer(tokens, tokens);
  return config;
}

/** Keys of transformers' CLIPVisionConfig. */
function ownTower(field: JsonField): ClipConfig {
  refuseOtherSettings(field.record(), OWN_TOWER, { path: 'img_processor.clip_config.' });
  const width = field.get('hidden_size').integer(1, MAX_COUNT);
  const heads = field.get('num_attention_heads').integer(1, MAX_COUNT);
  return {
    depth: field.get('num_hidden_layers').integer(2, MAX_LAYERS) - 1,
    width,
    heads,
    headDim: width / heads,
    mlpDim: field.get('intermediate_size').integer(1, MAX_COUNT),
    patchSize: field.get('patch_size').integer(1, MAX_PATCH),
    imageSize: field.get('image_size').integer(1, MAX_TILE),
    layerNormEps: field.get('layer_norm_eps').number(1e-12, 0.1),
  };
}
