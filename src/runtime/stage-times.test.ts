import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probePicture } from '../bundle/probe-picture';
import { folderBundle } from '../store/folder.node.js';
import { convertFixture } from '../testing/bundles';
import type { EmbedOptions, InputParts } from './index';
import { loadRuntime, type Runtime } from './runtime';
import type { EmbedUsage } from './usage';

let folder: string;
let nano: Runtime;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stage-times-'));
  nano = await loadRuntime({ reader: folderBundle(resolve('public/models/nano')) });
});
afterAll(async () => {
  await nano.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function usageOf(runtime: Runtime, inputs: InputParts[], options: EmbedOptions): Promise<EmbedUsage> {
  let usage!: EmbedUsage;
  await runtime.embed(inputs, { ...options, onUsage: (taken) => (usage = taken) });
  return usage;
}

/** nano's config. */
const [WIDTH, MLP, LAYERS, KV] = [192, 512, 4, 2 * 32];

/** Counted by hand: the last layer computes only one token, except for attention's keys and values. */
function textFlops(tokens: number): number {
  const qkv = WIDTH * (WIDTH + 2 * KV);
  const rest = WIDTH * WIDTH + 3 * WIDTH * MLP;
  const linear = 2 * (tokens * (LAYERS * qkv + (LAYERS - 1) * rest) + rest);
  return linear + LAYERS * 4 * WIDTH * ((tokens * (tokens + 1)) / 2);
}

test('stages are reported only on request', async () => {
  const inputs = [{ text: 'two dogs on a beach' }];
  expect((await usageOf(nano, inputs, {})).stages).toBeUndefined();
  const { stages, tokens, milliseconds } = await usageOf(nano, inputs, { stageTimes: true });
  expect(stages).toEqual([{ name: 'text.0', milliseconds: expect.any(Number), flops: textFlops(tokens) }]);
  expect(stages![0]!.milliseconds).toBeGreaterThan(0);
  expect(stages![0]!.milliseconds).toBeLessThanOrEqual(milliseconds.text);
});

test('a picture: patches, merged patches and attention over all of them', async () => {
  const image = probePicture({ width: 112, height: 84, seed: 1 });
  const { stages, tokens } = await usageOf(nano, [{ image }], { stageTimes: true });
  const [patches, merged, depth, mlp] = [8 * 6, 4 * 3, 4, 768];
  const blocks = depth * (4 * WIDTH * WIDTH + 2 * WIDTH * mlp);
  const merger = (4 * WIDTH) ** 2 + 4 * WIDTH * WIDTH;
  const vision = 2 * (patches * (588 * WIDTH + blocks) + merged * merger) + depth * 4 * patches ** 2 * WIDTH;
  expect(stages!.map(({ name, flops }) => [name, flops])).toEqual([
    ['vision.0', vision],
    ['text.0', textFlops(tokens)],
  ]);
});

// Their towers add class tokens, tiles and projectors.
test.each(['tiny-llava-next', 'tiny-phi3-v'])('every operator of %s is known', async (checkpoint) => {
  const path = join(folder, checkpoint);
  const manifest = await convertFixture({ checkpoint }, path, { dtype: 'fp32' });
  const runtime = await loadRuntime({ reader: folderBundle(path) });
  try {
    const image = probePicture({ width: 700, height: 350, seed: 1 });
    const { stages, tokens } = await usageOf(runtime, [{ image }], { stageTimes: true });
    expect(stages!.map(({ name }) => name)).toEqual(manifest.stages.map(({ name }) => name));
    const text = manifest.stages.find(({ kind }) => kind === 'text')!.tensors;
    const weights = text.reduce((sum, { shape }) => sum + (shape.length === 2 ? shape[0]! * shape[1]! : 0), 0);
    const { flops } = stages!.find(({ name }) => name === 'text.0')!;
    expect(flops).toBeGreaterThan(weights * tokens); // half of them at least
    expect(flops - 4 * tokens ** 2 * manifest.dims * 8).toBeLessThan(2 * weights * tokens);
  } finally {
    await runtime.dispose();
  }
});

test('the rate of matrix products is plausible, and the device still works the same afterwards', async () => {
  const [before] = await nano.embed(['a red kite']);
  const { flopsPerSecond, rows, size, bits } = await nano.matmulRate();
  expect(bits).toBe(8);
  expect(size).toBe(2048);
  expect(rows).toBeGreaterThanOrEqual(64);
  expect(flopsPerSecond).toBeGreaterThan(1e8);
  expect(flopsPerSecond).toBeLessThan(1e15);
  expect((await nano.embed(['a red kite']))[0]).toEqual(before);
  await expect(nano.matmulRate({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
});
