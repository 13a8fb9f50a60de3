/**
 * @file Reads LLaVA-NeXT's `config.json`. The published file leaves out of `text_config` whatever equals
 * MistralConfig's defaults, which are the 7B's, so those defaults apply. Three of them differ from the 7B's and must be
 * written: the norm's epsilon, the rotary base and the window. Settings that transformers (4.47 was read) acts on but
 * that are not computed here are refused.
 */

import { CheckpointFormatError } from '../../errors';
import {
  clipRules,
  decoderRules,
  expectRules,
  MAX_COUNT,
  MAX_LAYERS,
  MAX_PATCH,
  MAX_THETA,
  MAX_TILE,
  refuseShorterWindow,
  type Rule,
} from '../numbers';
import { is, missingOr, refuseOtherSettings, unsetOr, type Computed } from '../settings';
import { JsonField } from '../../bundle/json-field';
import type { JsonObject } from '../../bundle/manifest';
import type { ImageSize } from '../../image';
import type { ClipConfig } from '../blocks/clip';
import type { DecoderConfig } from '../blocks/decoder';

/** Numbers of a checkpoint. */
export interface LlavaNextConfig extends DecoderConfig {
  readonly ropeTheta: number;
  readonly vocabSize: number;
  readonly maxPositions: number;
  readonly imageTokenId: number;
  readonly vision: ClipConfig;
}

/** Above any real model's numbers. */
const MAX_WIDTH = 2 ** 20;
const MAX_TILES = 64;

const failed = (at: string, what: string) => new CheckpointFormatError(`config.json: ${at}: ${what}`, { key: at });

/**
 * @throws UnsupportedError for a variant that is not computed; CheckpointFormatError for a number that is missing or makes
 * no sense
 */
export function parseConfig(json: JsonObject): LlavaNextConfig {
  const root = new JsonField(json, failed);
  const text = root.get('text_config');
  const vision = root.get('vision_config');
  refuseOtherSettings(json, WHOLE);
  refuseOtherSettings(text.record(), TEXT, { path: 'text_config.' });
  refuseOtherSettings(vision.record(), VISION, { path: 'vision_config.' });
  // Only missing keys have a default: transformers treats null as a value.
  const count = (field: JsonField, fallback: number, most: number) =>
    field.optional((there) => there.integer(1, most)) ?? fallback;
  const hiddenSize = count(text.get('hidden_size'), 4096, MAX_WIDTH);
  const heads = count(text.get('num_attention_heads'), 32, MAX_WIDTH);
  const rope = text.get('rope_parameters').given((field) => field) ?? text;
  const kvHeads = text.get('num_key_value_heads');
  const width = count(vision.get('hidden_size'), 768, MAX_WIDTH);
  const visionHeads = count(vision.get('num_attention_heads'), 12, MAX_WIDTH);
  const config: LlavaNextConfig = {
    hiddenSize,
    intermediateSize: count(text.get('intermediate_size'), 14336, MAX_WIDTH),
    layers: count(text.get('num_hidden_layers'), 32, MAX_LAYERS),
    heads,
    // null, which older files have, means one per head.
    kvHeads: kvHeads.nullable((field) => count(field, 8, MAX_WIDTH)) ?? heads,
    headDim: text.get('head_dim').given((field) => field.integer(1, MAX_WIDTH)) ?? hiddenSize / heads,
    rmsEps: text.get('rms_norm_eps').number(1e-12, 0.1),
    ropeTheta: rope.get('rope_theta').number(1, MAX_THETA),
    vocabSize: count(text.get('vocab_size'), 32000, MAX_COUNT),
    maxPositions: count(text.get('max_position_embeddings'), 131_072, MAX_COUNT),
    imageTokenId: root.get('image_token_index').integer(1, MAX_COUNT),
    vision: {
      // The state before the last block is read.
      depth: count(vision.get('num_hidden_layers'), 12, MAX_LAYERS) - 1,
      width,
      heads: visionHeads,
      headDim: width / visionHeads,
      mlpDim: count(vision.get('intermediate_size'), 3072, MAX_WIDTH),
      patchSize: count(vision.get('patch_size'), 32, MAX_PATCH),
      imageSize: count(vision.get('image_size'), 224, MAX_TILE),
      layerNormEps: vision.get('layer_norm_eps').optional((field) => field.number(1e-12, 0.1)) ?? 1e-5,
    },
  };
  const window = text.get('sliding_window').nullable((field) => field.integer(1));
  refuseShorterWindow(window, config.maxPositions, 'text_config.sliding_window');
  checkConfig(config, (message) => new CheckpointFormatError(`config.json: ${message}.`));
  return config;
}

/** The list that transformers uses, for a config and a preprocessor alike, if it is missing or null. */
const DEFAULT_SHAPES: readonly ImageSize[] = [
  { width: 672, height: 336 },
  { width: 336, height: 672 },
  { width: 672, height: 672 },
  { width: 336, height: 1008 },
  { width: 1008, height: 336 },
];

/** Shapes that pictures are fitted into, as a config or a preprocessor lists them, height first. */
export function parseShapes(list: JsonField): readonly ImageSize[] {
  const shapeOf = (item: JsonField): ImageSize => {
    const [height, width] = item.items((side) => side.integer(1, 2 ** 16), { min: 2, max: 2 });
    return { width: width!, height: height! };
  };
  return list.given((field) => field.items(shapeOf, { min: 1, max: 1000 })) ?? DEFAULT_SHAPES;
}

/** Checks that hold between the numbers, whether from a checkpoint or a bundle. */
export function checkConfig(config: LlavaNextConfig, error: (message: string) => Error): void {
  const { vision } = config;
  const rules: Rule[] = [
    ...decoderRules(config),
    ...clipRules(vision),
    [
      vision.imageSize % vision.patchSize === 0,
      `tiles of ${vision.imageSize} pixels do not consist of whole patches of ${vision.patchSize}`,
    ],
    [config.imageTokenId < config.vocabSize, `image token ${config.imageTokenId} is outside the vocabulary`],
  ];
  expectRules(rules, error);
}

/** @throws what `error` creates, for shapes that are not made of tiles */
export function checkShapes(shapes: readonly ImageSize[], tile: number, error: (message: string) => Error): void {
  for (const { width, height } of shapes) {
    const isWhole = width % tile === 0 && height % tile === 0;
    if (isWhole && (width * height) / tile ** 2 <= MAX_TILES) continue;
    throw error(`a shape of ${width}×${height} pixels is not made of at most ${MAX_TILES} tiles of ${tile}×${tile}`);
  }
}

const WHOLE: Computed = {
  vision_feature_layer: missingOr(-2),
  vision_feature_select_strategy: missingOr('default'),
  projector_hidden_act: missingOr('gelu'),
  multimodal_projector_bias: missingOr(true),
  use_image_newline_parameter: missingOr(true),
  quantization_config: unsetOr(),
  compression_config: unsetOr(),
};

const isPlainRope = (value: unknown) => {
  if (value == null) return true;
  if (typeof value !== 'object') return false;
  const { rope_type = 'default', type = 'default' } = value as Record<string, unknown>;
  return rope_type === 'default' && type === 'default';
};

const isFullAttention = (value: unknown) => Array.isArray(value) && value.every((type) => type === 'full_attention');

const TEXT: Computed = {
  model_type: is('mistral'), // if missing, it is Llama
  hidden_act: missingOr('silu'),
  attention_bias: unsetOr(false),
  mlp_bias: unsetOr(false),
  rope_scaling: isPlainRope,
  rope_parameters: isPlainRope,
  partial_rotary_factor: missingOr(1),
  layer_types: (value) => value == null || isFullAttention(value),
  quantization_config: unsetOr(),
};

const VISION: Computed = {
  model_type: missingOr('clip_vision_model'),
  hidden_act: missingOr('quick_gelu'),
  num_channels: missingOr(3),
  quantization_config: unsetOr(),
};
