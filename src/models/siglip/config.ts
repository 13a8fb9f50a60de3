/**
 * @file Reads the `config.json` of SigLIP 2 (of one picture size). The published files are sparse: keys that they omit
 * have the defaults of transformers' classes, which are the base model's. Settings that transformers (4.57 was read)
 * acts on but that are not computed here are refused. Token ids in the config are leftovers of a class and mean
 * nothing: those of the tokenizer count.
 */

import { JsonField } from '../../bundle/json-field';
import type { JsonObject } from '../../bundle/manifest';
import { CheckpointFormatError, UnsupportedError } from '../../errors';
import { expectRules, MAX_COUNT, MAX_LAYERS, MAX_PATCH, MAX_TILE, type Rule } from '../numbers';
import { missingOr, refuseOtherSettings, unsetOr, type Computed } from '../settings';
import type { EncoderConfig } from './encoder';

/** Numbers of a checkpoint. */
export interface SiglipConfig {
  /** Length of a vector. */
  readonly dims: number;
  readonly vocabSize: number;
  readonly text: EncoderConfig & {
    /** Tokens of every text: 64. */
    readonly positions: number;
  };
  readonly vision: EncoderConfig & {
    /** Sides of a picture and of a patch, in pixels. */
    readonly imageSize: number;
    readonly patchSize: number;
  };
}

/** Patches along each side of a picture; pixels beyond complete patches are not seen. */
export function gridOf({ imageSize, patchSize }: SiglipConfig['vision']): number {
  return Math.floor(imageSize / patchSize);
}

/** Sizes of the token tables of SigLIP 1: of the English models, and of the multilingual one. */
const SIGLIP_1 = [32_000, 250_000];

const MAX_WIDTH = 2 ** 20;
const failed = (at: string, what: string) => new CheckpointFormatError(`config.json: ${at}: ${what}`, { key: at });

/**
 * @throws UnsupportedError for a variant that is not computed, SigLIP 1 among them; CheckpointFormatError for a number that
 * makes no sense
 */
export function parseConfig(json: JsonObject): SiglipConfig {
  const root = new JsonField(json, failed);
  const part = (key: string) => root.get(key).given((field) => field) ?? new JsonField({}, failed, key);
  const [text, vision] = [part('text_config'), part('vision_config')];
  refuseOtherSettings(json, WHOLE);
  refuseOtherSettings(text.record(), TEXT, { path: 'text_config.' });
  refuseOtherSettings(vision.record(), VISION, { path: 'vision_config.' });
  // Only missing keys have a default: transformers treats null as a value.
  const count = (field: JsonField, fallback: number, most: number) =>
    field.optional((there) => there.integer(1, most)) ?? fallback;
  const encoder = (field: JsonField): EncoderConfig => {
    const width = count(field.get('hidden_size'), 768, MAX_WIDTH);
    const heads = count(field.get('num_attention_heads'), 12, MAX_WIDTH);
    return {
      width,
      layers: count(field.get('num_hidden_layers'), 12, MAX_LAYERS),
      heads,
      headDim: width / heads,
      mlpDim: count(field.get('intermediate_size'), 3072, MAX_WIDTH),
      layerNormEps: field.get('layer_norm_eps').optional((there) => there.number(1e-12, 0.1)) ?? 1e-6,
    };
  };
  const vocabSize = count(text.get('vocab_size'), SIGLIP_1[0]!, MAX_COUNT);
  if (SIGLIP_1.includes(vocabSize)) throw siglip1(`config.json: a vocabulary of ${vocabSize} pieces is SigLIP 1's`);
  const ofText = { ...encoder(text), positions: count(text.get('max_position_embeddings'), 64, MAX_COUNT) };
  const config: SiglipConfig = {
    // null means the text tower's width, too.
    dims: text.get('projection_size').given((field) => field.integer(1, MAX_WIDTH)) ?? ofText.width,
    vocabSize,
    text: ofText,
    vision: {
      ...encoder(vision),
      imageSize: count(vision.get('image_size'), 224, MAX_TILE),
      patchSize: count(vision.get('patch_size'), 16, MAX_PATCH),
    },
  };
  checkConfig(config, (message) => new CheckpointFormatError(`config.json: ${message}.`));
  return config;
}

/** Recognises SigLIP 1, by whatever reveals it. */
export function siglip1(evidence: string): UnsupportedError {
  return new UnsupportedError(
    `${evidence}. SigLIP 1 is not supported: punctuation and white space are stripped from its texts by rules that none of its ` +
      'files states, before a SentencePiece model splits them. Its successor is supported: google/siglip2-base-patch16-224 and others.',
  );
}

/** Checks that hold between the numbers, whether from a checkpoint or a bundle. */
export function checkConfig({ dims, text, vision }: SiglipConfig, error: (message: string) => Error): void {
  const encoderRules = (what: string, { width, heads, headDim }: EncoderConfig): Rule[] => [
    [heads * headDim === width, `${what}: ${heads} heads and a width of ${width} do not fit`],
    [
      Number.isInteger(headDim) && headDim % 8 === 0,
      `${what}: a head of ${headDim} channels; attention needs a multiple of 8`,
    ],
  ];
  expectRules(
    [
      ...encoderRules('vision_config', vision),
      ...encoderRules('text_config', text),
      [
        vision.patchSize <= vision.imageSize,
        `a picture of ${vision.imageSize} pixels has no patch of ${vision.patchSize}`,
      ],
      [dims === vision.width, `vectors of texts have ${dims} numbers, but those of pictures have ${vision.width}`],
    ],
    error,
  );
}

const UNPACKED: Computed = { quantization_config: unsetOr(), compression_config: unsetOr() };

const WHOLE: Computed = UNPACKED;

const TOWER: Computed = { ...UNPACKED, hidden_act: missingOr('gelu_pytorch_tanh') };

const TEXT: Computed = { ...TOWER, model_type: missingOr('siglip_text_model') };

const VISION: Computed = {
  ...TOWER,
  model_type: missingOr('siglip_vision_model'),
  num_channels: missingOr(3),
  vision_use_head: missingOr(true),
};
