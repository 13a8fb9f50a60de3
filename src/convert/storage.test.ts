/** @file What a checkpoint will take, from its config: for the sizes of the official models. */

import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../bundle/manifest';
import { UnsupportedError } from '../errors';
import { configOf } from '../testing/official-models';
import { plannedStorage } from './storage';

const config7B = configOf('qwen2-vl-7b', 'official');

describe('plannedStorage', () => {
  test.each([
    ['fp32', 4],
    ['fp16', 2],
    ['q8', 8.75 / 8],
    ['q4', 4.742 / 8],
  ] as const)('of the 2B at %s is the weights at %f bytes each', (dtype, bytes) => {
    const weights = 2_208_985_600 - 588 * 1280; // less one temporal slice
    const { store, gpu, largestBuffer } = plannedStorage(configOf('qwen2-vl-2b', 'official'), dtype);
    expect(store / (weights * bytes)).toBeGreaterThan(0.99);
    expect(store / (weights * bytes)).toBeLessThan(1.01);
    expect(gpu).toBeLessThan(store);
    expect(largestBuffer).toBeLessThan(128 * 2 ** 20); // which every WebGPU allows
  });

  test.each([
    ['fp32', 4],
    ['fp16', 2],
    ['q8', 8.75 / 8],
    ['q4', 4.8 / 8],
  ] as const)('of the 7B at %s, too', (dtype, bytes) => {
    const weights = 7_745_625_600;
    const { store, largestBuffer } = plannedStorage(config7B, dtype);
    expect(Math.abs(store / (weights * bytes) - 1)).toBeLessThan(0.01);
    expect(largestBuffer).toBeLessThan(128 * 2 ** 20);
  });

  test('attention that is larger than a weight file is refused, before anything is fetched', () => {
    const wide = {
      ...config7B,
      hidden_size: 8192,
      num_attention_heads: 64,
      num_key_value_heads: 64,
      vision_config: { ...(config7B.vision_config as JsonObject), hidden_size: 8192 },
    };
    expect(() => plannedStorage(wide, 'fp32')).toThrow(UnsupportedError);
    expect(() => plannedStorage(wide, 'fp16')).toThrow(/qkv.*512 MiB.*smaller dtype|input_layernorm.*smaller dtype/);
  });
});
