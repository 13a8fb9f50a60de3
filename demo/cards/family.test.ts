/** @file The table's sizes are those that estimates give, and its models are those with a recipe. */
import { expect, test } from 'vitest';
import { recipes, type WeightDtype } from '../../src/index';
import { plannedStorage } from '../../src/convert';
import { bytesOf, configOf, officialShards, type OfficialName } from '../../src/testing/official-models';
import { weightsRoom } from '../../src/runtime/capability';
import { FAMILY, FAMILY_SIZES, gpuRoom, photoFactor } from './family';

const DTYPES: WeightDtype[] = ['q4', 'q8', 'fp16', 'fp32'];

test.each(Object.keys(FAMILY_SIZES) as OfficialName[])('%s: sizes as estimated', (name) => {
  const { checkpoint, store, gpu } = FAMILY_SIZES[name];
  const bytes = officialShards(name)
    .flat()
    .reduce((sum, tensor) => sum + bytesOf(name, tensor), 0);
  expect(Math.abs(checkpoint / bytes - 1)).toBeLessThan(0.001);
  for (const dtype of DTYPES) {
    const planned = plannedStorage(configOf(name, 'official'), dtype);
    expect(Math.abs(store[dtype] / planned.store - 1), dtype).toBeLessThan(0.003);
    expect(Math.abs(gpu[dtype] / planned.gpu - 1), dtype).toBeLessThan(0.003);
  }
});

test('whether a GPU holds a model is predicted as `load` decides it', () => {
  for (const maxBufferSize of [256 * 2 ** 20, 2 ** 31]) {
    const room = { device: 'webgpu', adapter: { maxBufferSize }, memory: null } as const;
    expect(gpuRoom(maxBufferSize)).toBe(weightsRoom(room));
  }
});

test('each model is known, and its cost relative to the 2B follows from its numbers', () => {
  const known = recipes.flatMap(({ hub }) => hub);
  for (const { repo } of FAMILY) expect(known).toContain(repo);
  expect(
    FAMILY.map((row) => [row.scores.map((score) => score.toFixed(1)).join(), photoFactor(row).toFixed(1)]),
  ).toEqual([
    ['60.1', '1.0'],
    ['64.9', '1.0'],
    ['65.8', '2.2'],
    ['62.9', '6.4'],
    ['60.1', '3.4'],
    ['55.9,60.1', '3.4'],
    ['75.0', '0.5'],
    ['80.1', '1.6'],
    ['', '0.0'],
    ['', '0.1'],
  ]);
});
