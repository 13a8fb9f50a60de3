/** @file What a checkpoint will take, from its config: for the sizes of the official models. */

import { describe, expect, test } from 'vitest';
import type { JsonObject, WeightDtype } from '../bundle/manifest';
import { UnsupportedError } from '../errors';
import { recipeNamed } from '../recipes';
import { configOf, type OfficialName } from '../testing/official-models';
import { plannedStorage } from './storage';

const config2B = configOf('qwen2-vl-2b', 'official');
const config7B = configOf('qwen2-vl-7b', 'official');

describe('plannedStorage', () => {
  test.each([
    ['fp32', 4],
    ['fp16', 2],
    ['q8', 8.75 / 8],
    ['q4', 4.8 / 8],
  ] as const)('of the 2B at %s is the weights at %f bytes each', (dtype, bytes) => {
    const weights = 2_208_985_600 - 588 * 1280; // less one temporal slice
    const { store, gpu, largestBuffer } = plannedStorage(config2B, dtype);
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

  // Bytes of all used weights in GB, computed by hand from the shapes; q4 by the budget of 4.8 bits per weight.
  test.each<[OfficialName, Record<WeightDtype, number>]>([
    ['qwen2-vl-2b', { q4: 1.32, q8: 2.35, fp16: 4.42, fp32: 8.83 }],
    ['qwen2-vl-7b', { q4: 4.65, q8: 8.23, fp16: 15.5, fp32: 31.0 }],
    ['llava-next', { q4: 4.45, q8: 7.89, fp16: 14.9, fp32: 29.7 }],
    ['phi3-v', { q4: 2.42, q8: 4.29, fp16: 8.07, fp32: 16.1 }],
    ['siglip2-base', { q4: 0.225, q8: 0.4, fp16: 0.75, fp32: 1.5 }],
    ['siglip2-so400m', { q4: 0.681, q8: 1.21, fp16: 2.27, fp32: 4.54 }],
  ])('of %s, within 3 %%', (name, gigabytes) => {
    for (const [dtype, expected] of Object.entries(gigabytes) as [WeightDtype, number][]) {
      const { store, largestBuffer } = plannedStorage(configOf(name, 'official'), dtype);
      expect(Math.abs(store / 1e9 / expected - 1), dtype).toBeLessThan(0.03);
      expect(largestBuffer, dtype).toBeLessThanOrEqual(128 * 2 ** 20);
    }
  });

  test('counts the head that a recipe adds', () => {
    const { head } = recipeNamed('colqwen2');
    for (const [dtype, bytes] of [
      ['fp32', 4],
      ['q4', 2],
    ] as const) {
      // heads are never quantized
      const more = plannedStorage(config2B, dtype, head).store - plannedStorage(config2B, dtype).store;
      expect(more, dtype).toBe(bytes * 128 * 1536 + 4 * 128);
    }
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
