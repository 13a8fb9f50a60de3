import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointFormatError, UnsupportedError, VLM2VecError } from '../errors';
import { parseAdapterConfig, scalingOf } from './adapter-config';

const plain = { peft_type: 'LORA', r: 8, lora_alpha: 64, target_modules: ['q_proj'] };
const parse = (over: Record<string, unknown>) => parseAdapterConfig({ ...plain, ...over }, 'adapter_config.json');

describe('parseAdapterConfig', () => {
  it('tells LoRA, rsLoRA and DoRA', () => {
    expect(parse({}).kind).toBe('lora');
    expect(parse({ use_rslora: true }).kind).toBe('rslora');
    expect(parse({ use_dora: true }).kind).toBe('dora');
    expect(parse({ use_dora: true, use_rslora: true })).toMatchObject({ kind: 'dora', useRslora: true });
  });

  it('scales by alpha/r, or alpha/sqrt(r)', () => {
    expect(scalingOf(parse({}), 8, 64)).toBe(8);
    expect(scalingOf(parse({ use_rslora: true }), 4, 8)).toBe(4);
  });

  it.each<[string, unknown]>([
    ['peft_type', 'LOHA'],
    ['peft_type', undefined],
    ['bias', 'all'],
    ['bias', 'lora_only'],
    ['fan_in_fan_out', true],
    ['lora_bias', true],
    ['modules_to_save', ['lm_head']],
    ['layer_replication', [[0, 4]]],
    ['megatron_config', { a: 1 }],
    ['trainable_token_indices', [1]],
    ['target_parameters', ['x']],
    ['use_qalora', true],
    ['use_hyperlora', true],
    ['hyperlora_config', { rank: 4 }],
    ['kasa_config', { scale: 1 }],
    ['monteclora_config', { samples: 4 }],
    ['init_lora_weights', 'lora_ga'],
    ['init_lora_weights', 'corda'],
    ['init_lora_weights', 'pissa'],
    ['init_lora_weights', 'olora'],
    ['init_lora_weights', 'loftq'],
    ['target_modules', 'all-linear'],
    ['target_modules', '(?<=a)b'],
  ])('refuses to ignore %s: %j', (key, value) => {
    expect(() => parse({ [key]: value })).toThrow(UnsupportedError);
  });

  it.each<[string, unknown]>([
    ['r', 0],
    ['r', 1.5],
    ['r', '8'],
    ['r', undefined],
    ['lora_alpha', null],
    ['lora_alpha', '64'],
    ['target_modules', null],
    ['target_modules', [1]],
    ['target_modules', { a: 1 }],
    ['use_dora', 'yes'],
    ['use_rslora', 1],
    ['rank_pattern', { q_proj: 0 }],
    ['rank_pattern', ['q_proj']],
    ['alpha_pattern', { q_proj: '1' }],
    ['layers_to_transform', ['1']],
    ['layers_pattern', 3],
    ['base_model_name_or_path', 7],
  ])('names %s where it is broken: %j', (key, value) => {
    expect(() => parse({ [key]: value })).toThrow(CheckpointFormatError);
    expect(() => parse({ [key]: value })).toThrow(key);
  });

  it('throws no other error, whatever a value is', () => {
    const keys = Object.keys(parse({}));
    const snake = [
      ...keys.map((key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
      'bias',
      'revision',
    ];
    const pattern = fc.stringMatching(/^[a.*+?()|[\]{}\\^$1,-]{0,12}$/);
    const value = fc.oneof(
      fc.jsonValue(),
      pattern,
      fc.dictionary(pattern, fc.constantFrom(1, 2, -1)),
      fc.array(pattern),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...snake), value), (over) => {
        try {
          parse(over);
        } catch (error) {
          expect(error).toBeInstanceOf(VLM2VecError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('names the unknown switch', () => {
    expect(() => parse({ use_hyperlora: true })).toThrow(/"use_hyperlora" is true/);
    expect(parse({ use_hyperlora: false, hyperlora_config: null, hyperlora_layers: [] }).r).toBe(8);
  });

  it('accepts the newest settings that leave the weights alone', () => {
    const training = { lora_dropout: 0.1, velora_config: { groups: 4 }, eva_config: { rho: 2 }, qalora_group_size: 16 };
    const origin = { auto_mapping: { unsloth_fixed: true }, inference_mode: true, peft_version: '0.21.2' };
    expect(parse({ ...training, ...origin, megatron_core: 'megatron.core', ensure_weight_tying: true }).r).toBe(8);
  });

  it('refuses more patterns than a model has modules', () => {
    const ranks = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`layers.${i}.q_proj`, 8]));
    expect(parse({ rank_pattern: ranks(1000) }).rankPattern).toHaveLength(1000);
    expect(() => parse({ rank_pattern: ranks(20_000) })).toThrow(UnsupportedError);
    expect(() => parse({ alpha_pattern: ranks(20_000) })).toThrow(/20000 entries/);
  });

  it('accepts the empty values that PEFT writes', () => {
    const empty = { modules_to_save: null, layer_replication: null, megatron_config: null, loftq_config: {} };
    expect(parse({ ...empty, rank_pattern: {}, layers_pattern: null, init_lora_weights: true }).r).toBe(8);
  });
});
