/**
 * @file Reads Qwen2-VL's `config.json` into {@link Qwen2VLConfig}. Two layouts are in use: transformers ≤ 4.51 keeps
 * the language model's numbers at the top level, later versions in `text_config`.
 *
 * The defaults of transformers' config class are those of the 72B model, so a number that is missing from the text
 * part is an error. The vision part is different: all Qwen2-VL sizes share one tower, its class defaults are that
 * tower's numbers, and transformers omits values that equal them when it saves.
 */

import { CheckpointFormatError, UnsupportedError } from '../../errors';
import { refuseVariants, ropeSettings } from './variants';

type Json = Record<string, unknown>;

/** Numbers of a Qwen2-VL checkpoint, named as in the paper's and HF's configs. */
export interface Qwen2VLConfig {
  hiddenSize: number;
  intermediateSize: number;
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  ropeTheta: number;
  /** Columns of the rotary tables that turn with time, row and column; null if the checkpoint does not say. */
  mropeSection: readonly [time: number, row: number, column: number] | null;
  rmsEps: number;
  vocabSize: number;
  maxPositions: number;
  imageTokenId: number;
  /** `<|vision_start|>`; null if the checkpoint does not say. */
  visionStartTokenId: number | null;
  vision: {
    depth: number;
    /** Width of the tower (`embed_dim`). */
    embedDim: number;
    heads: number;
    headDim: number;
    /** Hidden width of the MLP. */
    mlpDim: number;
    patchSize: number;
    mergeSize: number;
    temporalPatchSize: number;
    channels: number;
  };
}

/** No real model is near these; a file that exceeds them is broken or hostile. */
const MAX_WIDTH = 2 ** 20;
const MAX_LAYERS = 1024;
const MAX_VOCABULARY = 2 ** 24;
const MAX_THETA = 1e12;

/**
 * @throws UnsupportedError for an architecture or variant that this package does not compute.
 * @throws CheckpointFormatError for a number that is missing or makes no sense.
 */
export function parseConfig(json: Json): Qwen2VLConfig {
  if (json.model_type !== 'qwen2_vl') {
    throw new UnsupportedError(
      `config.json is of model_type ${JSON.stringify(json.model_type)}; this version only converts "qwen2_vl".`,
      { modelType: json.model_type },
    );
  }
  const text = json.text_config == null ? json : object(json.text_config, 'text_config');
  const vision = object(json.vision_config ?? {}, 'vision_config');
  refuseVariants({ whole: json, text, vision });
  const hiddenSize = count(text, 'hidden_size', MAX_WIDTH);
  const heads = count(text, 'num_attention_heads', MAX_WIDTH);
  const visionStart = json.vision_start_token_id == null ? text : json; // its place depends on the release
  const config: Qwen2VLConfig = {
    hiddenSize,
    intermediateSize: count(text, 'intermediate_size', MAX_WIDTH),
    layers: count(text, 'num_hidden_layers', MAX_LAYERS),
    heads,
    kvHeads: count(text, 'num_key_value_heads', MAX_WIDTH),
    headDim: text.head_dim == null ? divide(hiddenSize, heads, 'hidden_size') : count(text, 'head_dim', MAX_WIDTH),
    ropeTheta: positive(ropeSettings(text), 'rope_theta'),
    mropeSection: mropeSection(text),
    rmsEps: positive(text, 'rms_norm_eps'),
    vocabSize: count(text, 'vocab_size', MAX_VOCABULARY),
    maxPositions: count(text, 'max_position_embeddings', MAX_VOCABULARY),
    imageTokenId: count(json, 'image_token_id', MAX_VOCABULARY),
    visionStartTokenId:
      visionStart.vision_start_token_id == null ? null : count(visionStart, 'vision_start_token_id', MAX_VOCABULARY),
    vision: parseVision(vision, hiddenSize),
  };
  checkConfig(config, (message) => new CheckpointFormatError(`config.json: ${message}`));
  return config;
}

/** `mrope_section` in either generation's rope settings. */
function mropeSection(text: Json): Qwen2VLConfig['mropeSection'] {
  for (const key of ['rope_scaling', 'rope_parameters']) {
    const settings = text[key] == null ? {} : object(text[key], key);
    if (settings.mrope_section == null) continue;
    const section = settings.mrope_section;
    if (isSection(section)) return section;
    throw new CheckpointFormatError(
      `config.json: "${key}.mrope_section" must be three whole numbers, but is ${JSON.stringify(section)}.`,
      { key },
    );
  }
  return null;
}

export function isSection(value: unknown): value is [number, number, number] {
  return Array.isArray(value) && value.length === 3 && value.every((part) => Number.isInteger(part) && part >= 0);
}

function parseVision(json: Json, textWidth: number): Qwen2VLConfig['vision'] {
  const embedDim = count(json, 'embed_dim', MAX_WIDTH, 1280);
  const heads = count(json, 'num_heads', MAX_WIDTH, 16);
  const mlpRatio = json.mlp_ratio === undefined ? 4 : positive(json, 'mlp_ratio');
  // The official files have `in_chans`; transformers reads `in_channels`.
  const channels = count(json, json.in_channels === undefined ? 'in_chans' : 'in_channels', MAX_WIDTH, 3);
  const outWidth = count(json, 'hidden_size', MAX_WIDTH, 3584);
  if (outWidth !== textWidth) {
    throw new CheckpointFormatError(
      `config.json: the vision tower gives ${outWidth} channels (vision_config.hidden_size), ` +
        `but the language model takes ${textWidth} (hidden_size).`,
    );
  }
  const headDim = divide(embedDim, heads, 'vision_config.embed_dim');
  if (json.head_dim != null && json.head_dim !== headDim) {
    throw new UnsupportedError(
      `config.json: "vision_config.head_dim" is ${JSON.stringify(json.head_dim)}; only embed_dim / num_heads, ` +
        `${headDim}, is computed.`,
    );
  }
  return {
    depth: count(json, 'depth', MAX_LAYERS, 32),
    embedDim,
    heads,
    headDim,
    mlpDim: Math.floor(embedDim * mlpRatio),
    patchSize: count(json, 'patch_size', 1024, 14),
    mergeSize: count(json, 'spatial_merge_size', 64, 2),
    temporalPatchSize: count(json, 'temporal_patch_size', 64, 2),
    channels,
  };
}

/** Checks that hold between the numbers, for a config from either a checkpoint or a bundle. */
export function checkConfig(config: Qwen2VLConfig, error: (message: string) => Error): void {
  const { vision } = config;
  const rules: [boolean, string][] = [
    [config.heads % config.kvHeads === 0, `${config.heads} heads do not divide among ${config.kvHeads} KV heads`],
    [config.headDim % 16 === 0, `a head of ${config.headDim} channels; attention needs a multiple of 16`],
    [vision.headDim % 8 === 0, `a vision head of ${vision.headDim} channels; attention needs a multiple of 8`],
    [vision.heads * vision.headDim === vision.embedDim, 'vision heads and width do not fit'],
    [vision.temporalPatchSize === 2, `temporal patches of ${vision.temporalPatchSize} frames instead of 2`],
    [
      config.mropeSection === null || config.mropeSection.reduce((a, b) => a + b) === config.headDim / 2,
      `mrope_section ${String(config.mropeSection)} does not add up to half a head of ${config.headDim} channels`,
    ],
    // Beyond these, angles or norms are not finite in float32.
    [config.ropeTheta >= 1 && config.ropeTheta <= MAX_THETA, `a rotary base (rope_theta) of ${config.ropeTheta}`],
    [config.rmsEps >= 1e-12 && config.rmsEps <= 0.1, `an epsilon (rms_norm_eps) of ${config.rmsEps}`],
    [vision.mlpDim <= MAX_WIDTH, `a vision MLP of ${vision.mlpDim} channels`],
    [config.imageTokenId < config.vocabSize, `image token ${config.imageTokenId} is outside the vocabulary`],
  ];
  for (const [holds, message] of rules) {
    if (!holds) throw error(`${message}.`);
  }
}

function object(value: unknown, key: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CheckpointFormatError(`config.json: "${key}" is not an object.`, { key });
  }
  return value as Json;
}

function count(json: Json, key: string, max: number, fallback?: number): number {
  const value = json[key] ?? fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > max) {
    throw new CheckpointFormatError(
      `config.json: "${key}" must be a whole number from 1 to ${max}, but is ${JSON.stringify(value) ?? 'missing'}.`,
      { key },
    );
  }
  return value;
}

function positive(json: Json, key: string): number {
  const value = json[key];
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw new CheckpointFormatError(
      `config.json: "${key}" must be a positive number, but is ${JSON.stringify(value) ?? 'missing'}.`,
      { key },
    );
  }
  return value;
}

function divide(total: number, parts: number, key: string): number {
  if (total % parts !== 0) {
    throw new CheckpointFormatError(`config.json: "${key}" ${total} does not divide among ${parts} heads.`, { key });
  }
  return total / parts;
}
