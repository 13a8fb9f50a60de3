import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BundleFormatError, CheckpointFormatError, UnsupportedError, VLM2VecError } from '../../errors';
import { parseConfig } from './config';
import { modelConfig } from './manifest-config';

/** `config.json` of Qwen2-VL-2B-Instruct, as published. */
const flat2B = {
  architectures: ['Qwen2VLForConditionalGeneration'],
  attention_dropout: 0.0,
  bos_token_id: 151643,
  eos_token_id: 151645,
  vision_start_token_id: 151652,
  vision_end_token_id: 151653,
  vision_token_id: 151654,
  image_token_id: 151655,
  video_token_id: 151656,
  hidden_act: 'silu',
  hidden_size: 1536,
  initializer_range: 0.02,
  intermediate_size: 8960,
  max_position_embeddings: 32768,
  max_window_layers: 28,
  model_type: 'qwen2_vl',
  num_attention_heads: 12,
  num_hidden_layers: 28,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1000000.0,
  sliding_window: 32768,
  tie_word_embeddings: true,
  torch_dtype: 'bfloat16',
  transformers_version: '4.41.2',
  use_cache: true,
  use_sliding_window: false,
  vision_config: {
    depth: 32,
    embed_dim: 1280,
    mlp_ratio: 4,
    num_heads: 16,
    in_chans: 3,
    hidden_size: 1536,
    patch_size: 14,
    spatial_merge_size: 2,
    spatial_patch_size: 14,
    temporal_patch_size: 2,
  },
  rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] },
  vocab_size: 151936,
};

const TEXT_KEYS = [
  'hidden_act',
  'hidden_size',
  'intermediate_size',
  'max_position_embeddings',
  'num_attention_heads',
  'num_hidden_layers',
  'num_key_value_heads',
  'rms_norm_eps',
  'rope_scaling',
  'rope_theta',
  'use_sliding_window',
  'vocab_size',
] as const;

/** The layout of transformers ≥ 4.52. The tower's numbers that equal the class defaults are not written. */
function nested(): Record<string, unknown> {
  const text: Record<string, unknown> = { model_type: 'qwen2_vl_text' };
  for (const key of TEXT_KEYS) text[key] = flat2B[key];
  return {
    model_type: 'qwen2_vl',
    image_token_id: 151655,
    vision_start_token_id: 151652,
    text_config: text,
    vision_config: { hidden_size: 1536, model_type: 'qwen2_vl' },
  };
}

const parsed2B = {
  hiddenSize: 1536,
  intermediateSize: 8960,
  layers: 28,
  heads: 12,
  kvHeads: 2,
  headDim: 128,
  ropeTheta: 1e6,
  mropeSection: [16, 24, 24],
  rmsEps: 1e-6,
  vocabSize: 151936,
  maxPositions: 32768,
  imageTokenId: 151655,
  visionStartTokenId: 151652,
  vision: {
    depth: 32,
    embedDim: 1280,
    heads: 16,
    headDim: 80,
    mlpDim: 5120,
    patchSize: 14,
    mergeSize: 2,
    temporalPatchSize: 2,
    channels: 3,
  },
};

describe('config.json', () => {
  test('of transformers ≤ 4.51', () => expect(parseConfig(flat2B)).toEqual(parsed2B));

  test('of transformers ≥ 4.52', () => expect(parseConfig(nested())).toEqual(parsed2B));

  test('of transformers 5, with the base in rope_parameters', () => {
    const json = nested();
    const { rope_theta, rope_scaling, ...text } = json.text_config as Record<string, unknown>;
    json.text_config = { ...text, rope_parameters: { rope_theta, rope_type: 'default', ...(rope_scaling as object) } };
    expect(parseConfig(json)).toEqual(parsed2B);
  });

  // What transformers 5.24's Qwen2VLConfig derives from text_config.{rope_theta, rope_parameters, rope_scaling}.
  const theta = (base: number) => ({ rope_theta: base, rope_type: 'default' });
  test.each([
    [{ rope_theta: 1e6, rope_parameters: theta(1e4) }, 1e4],
    [{ rope_theta: 1e6, rope_parameters: { rope_type: 'default' } }, 1e6],
    [{ rope_theta: 1e6, rope_parameters: null, rope_scaling: theta(2e4) }, 2e4],
    [{ rope_theta: 1e6, rope_parameters: theta(1e4), rope_scaling: { type: 'mrope' } }, 1e6],
    [{ rope_theta: 1e6, rope_parameters: theta(1e4), rope_scaling: {} }, 1e4],
    [{ rope_parameters: theta(3e4) }, 3e4],
  ])('of two bases, transformers’ counts: %j', (rope, expected) => {
    const json = nested();
    const { rope_theta: _, rope_scaling: __, ...text } = json.text_config as Record<string, unknown>;
    expect(parseConfig({ ...json, text_config: { ...text, ...rope } }).ropeTheta).toBe(expected);
    expect(parseConfig({ ...flat2B, rope_scaling: null, ...rope }).ropeTheta).toBe(expected);
  });

  test.each(TEXT_KEYS.filter((key) => key !== 'rope_scaling' && key !== 'use_sliding_window'))(
    'a missing %s is an error, not the 72B default',
    (key) => {
      const { [key]: _, ...rest } = flat2B;
      expect(() => parseConfig(rest)).toThrow(VLM2VecError);
    },
  );

  test('names the key and the value that is wrong', () => {
    const wrong = { ...flat2B, num_hidden_layers: 1.5 };
    expect(() => parseConfig(wrong)).toThrow(CheckpointFormatError);
    expect(() => parseConfig(wrong)).toThrow(/"num_hidden_layers".*but is 1\.5/);
  });

  test.each([
    ['another architecture', { model_type: 'qwen2_5_vl' }],
    ['sliding-window attention', { use_sliding_window: true }],
    ['scaled rotary embedding', { rope_scaling: { type: 'yarn', factor: 4 } }],
    ['another activation', { hidden_act: 'gelu' }],
    ['sliding-window attention by layer', { layer_types: ['full_attention', 'sliding_attention'] }],
    ['two kinds of one rotary embedding', { rope_scaling: { type: 'mrope', rope_type: 'linear', factor: 2 } }],
    ['a rotary embedding of part of the head', { partial_rotary_factor: 0.5 }],
    ['the same in rope_parameters', { rope_parameters: { rope_theta: 1e6, partial_rotary_factor: 0.5 } }],
    ['rotary embeddings by kind of layer', { rope_parameters: { full_attention: { rope_theta: 1e6 } } }],
    ['attention both ways', { is_causal: false }],
    ['packed weights', { quantization_config: { quant_method: 'bitsandbytes' } }],
    ['another rotary base in the tower', { vision_config: { ...flat2B.vision_config, rope_theta: 1e6 } }],
    [
      'the same in rope_parameters',
      { vision_config: { ...flat2B.vision_config, rope_parameters: { rope_type: 'axial', rope_theta: 1e6 } } },
    ],
    ['another head width in the tower’s embedding', { vision_config: { ...flat2B.vision_config, head_dim: 40 } }],
    ['another activation in the tower', { vision_config: { ...flat2B.vision_config, hidden_act: 'gelu' } }],
  ])('refuses %s', (_, change) => {
    expect(() => parseConfig({ ...flat2B, ...change })).toThrow(UnsupportedError);
  });

  test('accepts what transformers writes for a model with all settings switched off', () => {
    const rest = {
      layer_types: Array(28).fill('full_attention'),
      partial_rotary_factor: 1.0,
      is_causal: true,
      quantization_config: null,
      text_config: null,
      vision_config: {
        ...flat2B.vision_config,
        head_dim: 80,
        hidden_act: 'quick_gelu',
        rope_parameters: { rope_type: 'axial', rope_theta: 10000.0 },
      },
    };
    expect(parseConfig({ ...flat2B, ...rest })).toEqual(parsed2B);
  });

  test.each([
    ['heads that do not divide', { num_key_value_heads: 5 }],
    ['a width that does not divide among the heads', { num_attention_heads: 7 }],
    ['a tower of another output width', { vision_config: { ...flat2B.vision_config, hidden_size: 3584 } }],
    ['an image token outside the vocabulary', { image_token_id: 151936 }],
    ['an absurd size', { hidden_size: 1e12 }],
  ])('refuses %s', (_, change) => {
    expect(() => parseConfig({ ...flat2B, ...change })).toThrow(CheckpointFormatError);
  });

  test('hostile values give a config or a named error', () => {
    const keys = fc.constantFrom(...Object.keys(flat2B), 'text_config', 'rope_parameters', 'head_dim');
    fc.assert(
      fc.property(keys, fc.jsonValue(), (key, value) => {
        try {
          parseConfig({ ...flat2B, [key]: value });
        } catch (error) {
          expect(error).toBeInstanceOf(VLM2VecError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a manifest’s config', () => {
  test('survives JSON', () => {
    expect(modelConfig(JSON.parse(JSON.stringify(parsed2B)))).toEqual(parsed2B);
  });

  test.each([
    ['without the tower', { vision: null }],
    ['with a number missing', { heads: undefined }],
    ['with a fraction', { layers: 2.5 }],
    ['with an endless number', { ropeTheta: Infinity }],
    ['with a rotary base that makes angles infinite', { ropeTheta: 1e-300 }],
    ['with an epsilon that float32 has not', { rmsEps: 1e-300 }],
    ['with a tower of a billion channels', { vision: { ...parsed2B.vision, mlpDim: 2 ** 24 } }],
    ['with heads that do not divide', { kvHeads: 5 }],
    ['with a fraction in the tower', { vision: { ...parsed2B.vision, depth: 0.5 } }],
  ])('is refused %s', (_, change) => {
    expect(() => modelConfig({ ...parsed2B, ...change })).toThrow(BundleFormatError);
  });
});
