/** @file float16 activations: nothing overflows or is lost, even with the massive activations of real checkpoints. */

import { describe, expect, test, vi } from 'vitest';
import { cosine } from '../../testing/fixtures';
import { half } from '../../testing/half-graph';
import { planStages } from '..';
import type { Qwen2VLConfig } from './config';
import { textForward, type Tensor, visionForward } from './testing/reference-forward';
import { Towers } from './testing/session.node';
import { storeStage, type TestDtype } from './testing/store';
import { normals, randomWeights, tinyConfig, tinyNetwork, tokenRows } from './testing/tiny-model';

vi.mock('../blocks/activations', async (original) => {
  const { activationsWithHalf } = await import('../../testing/half-graph');
  return activationsWithHalf(await original());
});
vi.mock('../stage-graph', async (original) => {
  const { stageGraphWithHalf } = await import('../../testing/half-graph');
  return stageGraphWithHalf(await original());
});

const config: Qwen2VLConfig = { ...tinyConfig, layers: 4 };
const MASSIVE = [7, 99, 200];

/**
 * The same stored weights with activations rounded to float16, and with float32 ones.
 * @param scale used instead of the towers' own
 */
async function openBoth(
  weights: Map<string, Tensor>,
  { kind, dtype, scale = null }: { kind: 'vision' | 'text'; dtype: TestDtype; scale?: number | null },
) {
  const plans = planStages(tinyNetwork(config), () => 0).filter((plan) => plan.kind === kind);
  const stages = plans.map((plan) => storeStage(config, plan, weights, dtype));
  const single = await Towers.open(config, stages, { activations: 'f32' });
  Object.assign(half, { on: true, scale });
  const rounded = await Towers.open(config, stages, { activations: 'f32' });
  half.on = false;
  return { rounded, single };
}

/**
 * Token 0 carries a strong channel that one neuron of layer 1 turns into three huge ones: as Qwen2's first token
 * does. Other tokens lack the channel but see token 0.
 */
function massiveWeights(): Map<string, Tensor> {
  const weights = randomWeights(config, 1);
  const { hiddenSize, intermediateSize, heads, headDim } = config;
  const channel = 3;
  const get = (name: string) => weights.get(name)!.data;
  const embeddings = get('model.embed_tokens.weight');
  for (let id = 0; id < config.vocabSize; id++) embeddings[id * hiddenSize + channel] = id === 0 ? 40 : 0;
  for (const layer of [0, 1]) {
    const width = heads * headDim;
    get(`model.layers.${layer}.self_attn.o_proj.weight`).fill(0, channel * width, (channel + 1) * width);
  }
  for (const kind of ['gate_proj', 'up_proj']) {
    const rows = get(`model.layers.1.mlp.${kind}.weight`);
    rows.fill(0, 0, hiddenSize);
    rows[channel] = 12;
  }
  const down = get('model.layers.1.mlp.down_proj.weight');
  for (let out = 0; out < hiddenSize; out++) down[out * intermediateSize] = 0;
  MASSIVE.forEach((out, i) => (down[out * intermediateSize] = [0.5, 3, -5][i]!));
  return weights;
}

const massive = massiveWeights();
const ordinary = randomWeights(config, 2);

describe.each<TestDtype>(['fp32', 'fp16', 'q8', 'q4-zp'])('%s weights', (dtype) => {
  test('texts with massive activations', async () => {
    const rows = tokenRows(
      config,
      massive,
      Array.from({ length: config.vocabSize }, (_, id) => id),
    );
    const long = Array.from({ length: 40 }, (_, i) => (i * 17) % config.vocabSize);
    const sequences = [[0, 5, 6, 7, 8], long, [3, 4, 5, 6], [0]];
    const { rounded, single } = await openBoth(massive, { kind: 'text', dtype });
    const actual = await rounded.text(rows, null, sequences);
    const wanted = await single.text(rows, null, sequences);
    sequences.forEach((_, i) => expect(cosine(actual[i]!, wanted[i]!)).toBeGreaterThan(0.9999));
    await rounded.release();
    await single.release();
  });

  test('images', async () => {
    const { rounded, single } = await openBoth(ordinary, { kind: 'vision', dtype });
    const grid = { height: 6, width: 8 };
    const patches = normals(2 * 48 * 588, 5);
    const actual = await rounded.vision(patches, grid);
    const wanted = await single.vision(patches, grid);
    expect(cosine(actual, wanted)).toBeGreaterThan(0.9999);
    await rounded.release();
    await single.release();
  });
});

test('the massive model does exceed float16', () => {
  const rows = tokenRows(config, massive, [0, 5, 6]);
  let largest = 0;
  textForward(config, massive, rows, (_, hidden) => {
    for (const row of hidden) largest = Math.max(largest, ...row.map(Math.abs));
  });
  expect(largest).toBeGreaterThan(100_000);
});

test('a tower with massive channels, beyond what float16 holds', async () => {
  const weights = randomWeights(config, 3);
  const bias = weights.get('visual.blocks.0.mlp.fc2.bias')!.data;
  bias[11] = 150_000;
  bias[42] = -90_000;
  // The gain that real checkpoints have for such channels is small.
  for (const name of ['blocks.1.norm1', 'blocks.1.norm2', 'blocks.2.norm1', 'merger.ln_q']) {
    const gain = weights.get(`visual.${name}.weight`)!.data;
    for (let i = 0; i < gain.length; i++) gain[i]! *= i === 11 || i === 42 ? 0.1 : 1000;
  }
  const grid = { height: 4, width: 4 };
  const patches = normals(16 * 588, 6);
  const { rounded, single } = await openBoth(weights, { kind: 'vision', dtype: 'fp32' });
  const actual = await rounded.vision(patches, grid);
  const wanted = Float32Array.from(visionForward(config, weights, patches, grid).flatMap((row) => [...row]));
  expect(cosine(actual, wanted)).toBeGreaterThan(0.999);
  await rounded.release();
  await single.release();
});

test('without the scale, massive activations overflow', async () => {
  const rows = tokenRows(config, massive, [0, 5, 6]);
  const { rounded, single } = await openBoth(massive, { kind: 'text', dtype: 'fp32', scale: 1 });
  const [vector] = await rounded.text(rows, null, [[0, 1, 2]]);
  expect([...vector!].some(Number.isNaN)).toBe(true);
  await rounded.release();
  await single.release();
});
