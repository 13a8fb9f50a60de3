/** @file What a checkpoint will take, from its config: for the sizes of the official models. */

import { describe, expect, test } from 'vitest';
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

  test('the 7B is refused in dtypes of which one block is larger than a weight file, before anything is fetched', () => {
    expect(() => plannedStorage(config7B, 'fp32')).toThrow(UnsupportedError);
    expect(() => plannedStorage(config7B, 'fp16')).toThrow(/smaller dtype/);
    expect(plannedStorage(config7B, 'q8').store).toBeGreaterThan(plannedStorage(config7B, 'q4').store);
  });
});
