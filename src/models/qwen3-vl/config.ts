/**
 * @file Reads Qwen3-VL's `config.json`. The defaults of transformers' classes are those of other model sizes, so every
 * number must be written. Rotary settings have two spellings: `rope_theta` beside `rope_scaling` (transformers 4.57),
 * or all of them in `rope_parameters` (from 5 on). Settings that transformers (4.57.3 was read) acts on but that are
 * not computed here are refused.
 */

import { JsonField } from '../../bundle/json-field';
import type { JsonObject } from '../../bundle/manifest';
import { CheckpointFormatError } from '../../errors';
import type { DecoderConfig } from '../blocks/decoder';
import {
  count,
  decoderRules,
  expectRules,
  MAX_COUNT,
  MAX_LAYERS,
  MAX_PATCH,
  MAX_THETA,
  readDecoder,
  type Rule,
  visionRules,
} from '../numbers';
import { is, missingOr, refuseOtherSettings, unsetOr, type Computed } from '../settings';

/** Numbers of a checkpoint. */
export interface Qwen3VLConfig extends DecoderConfig {
  readonly vocabSize: number;
  readonly maxPositions: number;
  readonly ropeTheta: number;
  /** Columns of the rotary tables that turn with time, row and column; they alternate. */
  readonly mropeSection: readonly [time: number, row: number, column: number];
  readonly imageTokenId: number;
  readonly visionStartTokenId: number;
  readonly vision: Qwen3VisionConfig;
}

export interface Qwen3VisionConfig {
  readonly depth: number;
  readonly width: number;
  readonly heads: number;
  readonly headDim: number;
  /** Hidden width of the MLP. */
  readonly mlpDim: number;
  readonly patchSize: number;
  readonly mergeSize: number;
  readonly temporalPatchSize: number;
  /** Rows of the table of positions, and columns: 48. */
  readonly tableSide: number;
  /** Blocks after which features for the first layers of the language model are taken, in order. */
  readonly deepBlocks: readonly number[];
}

const WHOLE: Computed = {
  quantization_config: unsetOr(),
  compression_config: unsetOr(),
};

const isFullAttention = (value: unknown) => Array.isArray(value) && value.every((type) => type === 'full_attention');

const TEXT: Computed = {
  model_type: missingOr('qwen3_vl_text'),
  hidden_act: missingOr('silu'),
  attention_bias: unsetOr(false),
  use_sliding_window: unsetOr(false),
  sliding_window: unsetOr(),
  layer_types: (value) => value == null || isFullAttention(value),
  partial_rotary_factor: unsetOr(1),
  quantization_config: unsetOr(),
};

const ROPE: Computed = {
  mrope_interleaved: is(true),
  rope_type: missingOr('default'),
  type: missingOr('default', 'mrope'), // the older name, which means nothing beside the other
  partial_rotary_factor: unsetOr(1),
  full_attention: unsetOr(), // settings per kind of layer
  sliding_attention: unsetOr(),
};

const VISION: Computed = {
  model_type: missingOr('qwen3_vl', 'qwen3_vl_vision'),
  hidden_act: missingOr('gelu_pytorch_tanh'),
  in_channels: missingOr(3),
};

/**
 * @throws UnsupportedError for a variant that is not computed; CheckpointFormatError for a number that is missing or makes
 * no sense
 */
export function parseConfig(json: JsonObject): Qwen3VLConfig {
  const root = new JsonField(json, (at, what) => new CheckpointFormatError(`config.json: ${at}: ${what}`, { key: at }));
  const text = root.get('text_config');
  const vision = root.get('vision_config');
  refuseOtherSettings(json, WHOLE);
  refuseOtherSettings(text.record(), TEXT, { path: 'text_config.' });
  refuseOtherSettings(vision.record(), VISION, { path: 'vision_config.' });
  const rope = ropeSettings(text);
  const hiddenSize = count(text.get('hidden_size'));
  vision.get('out_hidden_size').integer(hiddenSize, hiddenSize);
  const width = count(vision.get('hidden_size'));
  const heads = count(vision.get('num_heads'));
  const config: Qwen3VLConfig = {
    hiddenSize,
    intermediateSize: count(text.get('intermediate_size')),
    layers: text.get('num_hidden_layers').integer(1, MAX_LAYERS),
    heads: count(text.get('num_attention_heads')),
    kvHeads: count(text.get('num_key_value_heads')),
    headDim: count(text.get('head_dim')),
    rmsEps: text.get('rms_norm_eps').number(1e-12, 0.1),
    vocabSize: count(text.get('vocab_size')),
    maxPositions: count(text.get('max_position_embeddings')),
    ...rope,
    imageTokenId: count(root.get('image_token_id')),
    visionStartTokenId: count(root.get('vision_start_token_id')),
    vision: {
      depth: vision.get('depth').integer(1, MAX_LAYERS),
      width,
      heads,
      headDim: width / heads,
      mlpDim: count(vision.get('intermediate_size')),
      patchSize: vision.get('patch_size').integer(1, MAX_PATCH),
      mergeSize: vision.get('spatial_merge_size').integer(1, MAX_MERGE),
      temporalPatchSize: vision.get('temporal_patch_size').integer(2, 2),
      tableSide: Math.sqrt(vision.get('num_position_embeddings').integer(4, MAX_COUNT)),
      deepBlocks: deepBlocks(vision.get('deepstack_visual_indexes')),
    },
  };
  checkConfig(config, (message) => new CheckpointFormatError(`config.json: ${message}.`));
  return config;
}

const MAX_MERGE = 16;

function deepBlocks(field: JsonField): number[] {
  return field.items((item) => item.integer(0, MAX_LAYERS), { min: 0, max: MAX_LAYERS });
}

/** In either spelling. If both are present, they must agree. */
function ropeSettings(text: JsonField): Pick<Qwen3VLConfig, 'ropeTheta' | 'mropeSection'> {
  const all = ['rope_scaling', 'rope_parameters'].flatMap((key) => {
    const field = text.get(key).given((there) => there);
    if (!field || field.keys().length === 0) return [];
    refuseOtherSettings(field.record(), ROPE, { path: `text_config.${key}.` });
    const theta = field.has('rope_theta') ? field.get('rope_theta') : text.get('rope_theta');
    return [{ ropeTheta: theta.number(1, MAX_THETA), mropeSection: section(field.get('mrope_section')) }];
  });
  const [first, second] = all;
  if (!first) {
    return text
      .get('rope_scaling')
      .fail('mrope_section and mrope_interleaved are expected, here or in rope_parameters.');
  }
  const beside = text.get('rope_theta').given((field) => field.number(1, MAX_THETA)) ?? first.ropeTheta;
  const isOne = beside === first.ropeTheta && (!second || JSON.stringify(second) === JSON.stringify(first));
  if (!isOne) text.get('rope_scaling').fail('it differs from rope_parameters, or from the rope_theta next to it.');
  return first;
}

function section(field: JsonField): [number, number, number] {
  return field.items((item) => item.integer(0, MAX_COUNT), { min: 3, max: 3 }) as [number, number, number];
}

/** Numbers of a bundle, which the converter wrote: each is checked again here. */
export function readConfig(root: JsonField): Qwen3VLConfig {
  const vision = root.get('vision');
  return {
    ...readDecoder(root),
    mropeSection: section(root.get('mropeSection')),
    imageTokenId: count(root.get('imageTokenId')),
    visionStartTokenId: count(root.get('visionStartTokenId')),
    vision: {
      depth: vision.get('depth').integer(1, MAX_LAYERS),
      width: count(vision.get('width')),
      heads: count(vision.get('heads')),
      headDim: count(vision.get('headDim')),
      mlpDim: count(vision.get('mlpDim')),
      patchSize: vision.get('patchSize').integer(1, MAX_PATCH),
      mergeSize: vision.get('mergeSize').integer(1, MAX_MERGE),
      temporalPatchSize: vision.get('temporalPatchSize').integer(2, 2),
      tableSide: vision.get('tableSide').integer(2, MAX_COUNT),
      deepBlocks: deepBlocks(vision.get('deepBlocks')),
    },
  };
}

/** Checks that hold between the numbers, whether from a checkpoint or a bundle. @throws what `error` creates */
export function checkConfig(config: Qwen3VLConfig, error: (message: string) => Error): void {
  const { vision, layers, headDim, mropeSection } = config;
  const { deepBlocks: deep, depth } = vision;
  const rules: Rule[] = [
    ...decoderRules(config),
    [
      mropeSection.reduce((sum, columns) => sum + columns) === headDim / 2,
      `mrope_section ${String(mropeSection)} does not add up to half a head of ${headDim} channels`,
    ],
    ...visionRules(vision),
    [
      Number.isInteger(vision.tableSide),
      `a table of ${vision.tableSide ** 2} positions (num_position_embeddings), which is not a square`,
    ],
    [
      deep.every((block, i) => block < depth && block > (deep[i - 1] ?? -1)),
      `deepstack_visual_indexes ${JSON.stringify(deep)} are not ascending indexes of the ${depth} blocks`,
    ],
    [
      deep.length < layers,
      `features for ${deep.length} layers of the language model's ${layers}, of which the last one takes none`,
    ],
    [
      config.hiddenSize % vision.mergeSize ** 2 === 0,
      `${config.hiddenSize} channels (hidden_size) do not divide among ${vision.mergeSize ** 2} patches`,
    ],
    [config.imageTokenId < config.vocabSize, `image token ${config.imageTokenId} is outside the vocabulary`],
    [config.visionStartTokenId < config.vocabSize, `token ${config.visionStartTokenId} is outside the vocabulary`],
  ];
  expectRules(rules, error);
}
