import { describe, expect, test } from 'vitest';
import { MAX_STAGE_BYTES } from '../bundle/manifest';
import { UnsupportedError } from '../errors';
import { planStages, slicesToFit } from './index';
import { qwen2vlNetwork } from './qwen2-vl';
import type { Qwen2VLConfig } from './qwen2-vl/config';
import type { PlannedWeight } from './types';
import { tinyConfig, tinyNetwork } from './qwen2-vl/testing/tiny-model';

const config2B: Qwen2VLConfig = {
  ...tinyConfig,
  hiddenSize: 1536,
  intermediateSize: 8960,
  layers: 28,
  heads: 12,
  kvHeads: 2,
  vocabSize: 151936,
  vision: { ...tinyConfig.vision, depth: 32, embedDim: 1280, heads: 16, mlpDim: 5120 },
};
const config7B: Qwen2VLConfig = {
  ...config2B,
  hiddenSize: 3584,
  intermediateSize: 18944,
  heads: 28,
  kvHeads: 4,
};

/** Bytes per element of a matrix; vectors are float32. */
const bytesAt = (bytes: number) => (weight: PlannedWeight) => {
  const perElement = weight.shape.length === 1 ? 4 : weight.quantize ? bytes : Math.max(bytes, 2);
  return weight.shape.reduce((a, b) => a * b, 1) * perElement;
};
const FP32 = 4;
const FP16 = 2;
const Q8 = 1 + 2 / 32;
const Q4 = 0.5 + 2 / 32;

const slicedTiny = (mlpSlices: number) => qwen2vlNetwork(tinyConfig, { head: null, mlpSlices });

function elements(weights: PlannedWeight[]): number {
  return weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

describe.each([
  ['2B fp32', config2B, FP32],
  ['2B fp16', config2B, FP16],
  ['2B q8', config2B, Q8],
  ['2B q4', config2B, Q4],
  ['7B q8', config7B, Q8],
  ['7B q4', config7B, Q4],
])('%s', (_, config, bytes) => {
  const stages = planStages(tinyNetwork(config), bytesAt(bytes));

  test('no weight file is larger than allowed, even with every tensor aligned', () => {
    for (const { weights } of stages) {
      const total = weights.reduce((sum, weight) => sum + bytesAt(bytes)(weight) + 3 * 64, 0);
      expect(total).toBeLessThanOrEqual(MAX_STAGE_BYTES);
    }
  });

  test('blocks follow each other without gaps, in as few stages as greedy filling gives', () => {
    for (const kind of ['vision', 'text'] as const) {
      const tower = stages.filter((stage) => stage.kind === kind);
      let next = 0;
      tower.forEach((stage, i) => {
        expect(stage.name).toBe(`${kind}.${i}`);
        expect(stage.steps.first).toBe(next);
        expect(stage.steps.last).toBeGreaterThan(next);
        next = stage.steps.last;
      });
      // The steps before and after the blocks, and attention and MLP of each block.
      expect(next).toBe(kind === 'vision' ? 2 + 2 * config.vision.depth : 1 + 2 * config.layers);
    }
  });
});

test('every tensor of an official checkpoint is planned once', () => {
  const parts = planStages(tinyNetwork(config2B), bytesAt(Q4)).flatMap((stage) =>
    stage.weights.flatMap((weight) => weight.parts),
  );
  expect(new Set(parts).size).toBe(parts.length);
  const official = [
    'visual.patch_embed.proj.weight',
    ...['ln_q', 'mlp.0', 'mlp.2'].flatMap((name) => both(`visual.merger.${name}`)),
    ...Array.from({ length: 32 }, (_, n) => {
      const names = ['norm1', 'norm2', 'attn.qkv', 'attn.proj', 'mlp.fc1', 'mlp.fc2'];
      return names.flatMap((name) => both(`visual.blocks.${n}.${name}`));
    }).flat(),
    ...Array.from({ length: 28 }, (_, n) => [
      ...['q_proj', 'k_proj', 'v_proj'].flatMap((name) => both(`model.layers.${n}.self_attn.${name}`)),
      `model.layers.${n}.self_attn.o_proj.weight`,
      ...['gate_proj', 'up_proj', 'down_proj'].map((name) => `model.layers.${n}.mlp.${name}.weight`),
      ...['input_layernorm', 'post_attention_layernorm'].map((name) => `model.layers.${n}.${name}.weight`),
    ]).flat(),
    'model.norm.weight',
  ];
  expect(parts.toSorted()).toEqual(official.toSorted());
});

function both(name: string): string[] {
  return [`${name}.weight`, `${name}.bias`];
}

test.each([
  // The official totals; the 7B has a separate output matrix.
  ['2B', config2B, 2_208_985_600, 151936 * 1536],
  ['7B', config7B, 8_291_375_616, 2 * 152064 * 3584],
])('the %s has the official number of parameters, less tables and one temporal slice', (_, config, total, tables) => {
  const planned = elements(planStages(tinyNetwork(config), bytesAt(Q4)).flatMap((stage) => stage.weights));
  expect(planned).toBe(total - tables - 588 * 1280);
});

test('the patch weights are folded and never quantized', () => {
  const [first] = planStages(tinyNetwork(config2B), bytesAt(Q4))[0]!.weights;
  expect(first).toMatchObject({ shape: [1280, 588], rowTransform: 'fold-temporal', quantize: false });
});

describe('a limit smaller than a block', () => {
  const most = 2_400_000; // the merger's two matrices
  const stored = bytesAt(FP32);
  // MLPs of 4.3 MB
  const wide = { ...tinyConfig, intermediateSize: 4 * tinyConfig.intermediateSize };
  const networkOf = (slices: number) => qwen2vlNetwork(wide, { head: null, mlpSlices: slices });
  const mlpSlices = slicesToFit(networkOf, stored, most);
  const stages = planStages(networkOf(mlpSlices), stored, most);

  test('cuts blocks between attention and MLP, and the MLP in slices', () => {
    expect(mlpSlices).toBe(2);
    const text = stages.filter(({ kind }) => kind === 'text').flatMap(({ steps }) => [steps]);
    expect(text.at(-1)!.last).toBe(tinyConfig.layers * 3 + 1);
    expect(text.length).toBeGreaterThanOrEqual(2 * tinyConfig.layers);
    const vision = stages.filter(({ kind }) => kind === 'vision').flatMap(({ steps }) => [steps.first]);
    expect(vision).toEqual([0, 3, 6, 7]); // the last block does not fit with the merger, so it is cut
    for (const { weights } of stages) {
      expect(weights.reduce((sum, weight) => sum + stored(weight) + 192, 0)).toBeLessThanOrEqual(most);
    }
  });

  test('slices have whole blocks of quantized weights, none is empty, and together they are complete', () => {
    for (let count = 1; count <= 11; count++) {
      const weights = slicedTiny(count).towers.text.blocks.flat(2);
      const down = weights.filter(({ name }) => /layers\.0\.mlp.*down_proj/.test(name));
      const ranges = down.map(({ slice }) => slice?.columns ?? { first: 0, last: 352 });
      expect(ranges.length).toBe(count);
      ranges.forEach(({ first, last }, index) => {
        expect(first).toBe(index === 0 ? 0 : ranges[index - 1]!.last);
        expect(first % 32).toBe(0);
        expect(last).toBeGreaterThan(first);
      });
      expect(ranges.at(-1)!.last).toBe(352);
      const up = weights.filter(({ name }) => /layers\.0\.mlp.*up_proj/.test(name));
      expect(up.map(({ slice }) => slice?.rows?.[0])).toEqual(count === 1 ? [undefined] : ranges);
    }
  });

  test('a step that cannot fit is refused, with advice', () => {
    const limit = 100_000;
    const tooLarge = () => planStages(networkOf(slicesToFit(networkOf, stored, limit)), stored, limit);
    expect(tooLarge).toThrow(UnsupportedError);
    expect(tooLarge).toThrow(/vision tower.*smaller dtype/);
    // Even the largest number of slices does not help; a plan without slices names what is too large.
    expect(slicesToFit(networkOf, stored, limit)).toBe(1);
  });
});

test('a block that fits into a file is not cut', () => {
  const stages = planStages(tinyNetwork(config2B), bytesAt(FP32));
  for (const { kind, steps } of stages.filter((stage) => stage.kind === 'text')) {
    expect([kind, steps.first % 2]).toEqual(['text', 0]);
  }
});
