import { describe, expect, test } from 'vitest';
import { DeviceLostError, InvalidInputError, ProbeError } from '../errors';
import type { EmbedOptions, EmbedUsage, ModelInfo, RungReport } from '../runtime';
import { captions, MOST_CAPTIONS, picturesFor } from './inputs';
import { measure, type MeasurableModel, type MeasureOptions, type MeasureStep } from './measure';
import { repeat } from './repeat';
import type { MeasureReport } from './report';
import { number, reportAsMarkdown } from './words';

const ENVIRONMENT = { agent: 'Test 1', cpu: 'a CPU', cores: 2, memory: 2 ** 33, isolated: null };
const step: RungReport = {
  ...{
    device: 'cpu',
    activations: 'f32',
    subgroups: false,
    compute: 'exact',
    outcome: 'passed',
    cosine: 0.9999999,
    reason: null,
  },
  milliseconds: { setUp: 10, probe: 20 },
};
const INFO = {
  ...{ id: 'abc', label: 'fake', architecture: 'none', dims: 4, dtype: 'q8', bytes: 5e6, device: 'cpu' },
  ...{
    activations: 'f32',
    build: 'node',
    compute: 'exact',
    adapter: null,
    subgroups: false,
    threads: 0,
    maxTokens: 512,
  },
  source: { base: { id: 'owner/base', revision: null }, adapter: null },
  image: { plan: 'native', options: ['minPixels', 'maxPixels'], patchSize: 14, mergeSize: 2 },
  ladder: [step],
} as unknown as ModelInfo;

/** Computes as long as it says: nothing. */
function fake(change: { embed?: (count: number, options: EmbedOptions) => void } = {}) {
  const calls: { count: number; options: EmbedOptions }[] = [];
  let disposed = 0;
  const model: MeasurableModel = {
    info: INFO,
    embed: async (inputs, options) => {
      calls.push({ count: inputs.length, options });
      change.embed?.(inputs.length, options);
      const imageTokens = options.maxPixels === undefined ? 0 : options.maxPixels / 28 ** 2;
      const usage: EmbedUsage = {
        ...{ inputs: inputs.length, tokens: 10 * inputs.length + imageTokens, imageTokens },
        milliseconds: { prepare: 1, vision: imageTokens ? 2 : 0, text: 2 },
        ...(options.stageTimes ? { stages: [{ name: 'text.0', milliseconds: 2, flops: 4e6 }] } : {}),
      };
      options.onUsage!(usage);
    },
    matmulRate: async () => ({ flopsPerSecond: 4e9, rows: 64, size: 2048, bits: 8 }),
    dispose: async () => void disposed++,
  };
  return { model, calls, disposed: () => disposed };
}

const run = (options: Partial<MeasureOptions>) =>
  measure({
    load: async () => fake().model,
    rungs: [{ device: 'cpu', activations: 'f32' }],
    environment: ENVIRONMENT,
    runs: 2,
    ...options,
  });

test('every figure, its share of the matmul rate, and what is left out', async () => {
  const { model, calls, disposed } = fake();
  const reports: MeasureReport[] = [];
  const steps: MeasureStep[] = [];
  const report = await run({
    load: async () => model,
    pictures: [64, 1024],
    captions: [1, 16],
    memory: async () => ({ bytes: 1e8 * (1 + reports.length), of: 'process' }),
    onReport: (each) => reports.push(each),
    onStep: (each) => steps.push(each),
  });
  expect(disposed()).toBe(1);
  const [rung] = report.rungs;
  expect(rung!.figures).toMatchObject([
    // 4e6 operations in 2 ms are half of 4e9 a second
    { kind: 'captions', size: 1, inputs: 1, tokens: 10, prepare: 1, text: 2, share: 0.5, runs: 2, flops: 4e6 },
    { kind: 'captions', size: 16, inputs: 16, text: 2 / 16, share: 0.5 },
    { kind: 'picture', size: 64, imageTokens: 64, vision: 2, share: 0.25 },
    { kind: 'picture', size: 1024, skipped: 'this model takes at most 512 tokens' },
  ]);
  expect(rung!.figures[0]).toMatchObject({ stages: [{ name: 'text.0', milliseconds: 2, share: 0.5 }] });
  expect(rung).toMatchObject({ load: { probe: 20 }, probe: [{ cosine: 0.9999999 }], build: 'node', error: null });
  expect(rung!.memory!.bytes).toBe(1e8 * reports.length); // the last is the most
  expect(report.model).toMatchObject({ id: 'abc', dtype: 'q8', bytes: 5e6 });
  // a warm-up, two runs, and one with stages, of each of three figures
  expect(calls.map(({ count }) => count)).toEqual([1, 1, 1, 1, 16, 16, 16, 16, 1, 1, 1, 1]);
  expect(calls.map(({ options }) => options.stageTimes)).toEqual([0, 1, 2].flatMap(() => [false, false, false, true]));
  expect(steps.map(({ doing }) => (typeof doing === 'string' ? doing : doing.size))).toEqual([
    ...['load', 'matmul', 1, 16, 64, 1024],
  ]);
  expect(steps.at(-1)).toMatchObject({ done: 5, total: 6 });
  // reports grow and do not change under the reader
  expect(reports[0]!.rungs[0]!.figures).toEqual([]);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test('of two rates the better one counts, and memory that is counted too late does not', async () => {
  const rates = [1e9, 4e9];
  const { model } = fake();
  const faster: MeasurableModel = {
    ...model,
    matmulRate: async () => ({ ...(await model.matmulRate({})), flopsPerSecond: rates.shift()! }),
  };
  let counted: () => void = () => undefined;
  const report = await run({
    load: async () => ({ ...faster, dispose: async () => counted() }),
    pictures: [],
    captions: [1],
    memory: () => new Promise((resolve) => (counted = () => resolve({ bytes: 1, of: 'page' }))),
  });
  const [rung] = report.rungs;
  expect(rung).toMatchObject({ matmul: { flopsPerSecond: 4e9 }, memory: null });
  expect(rung!.figures).toMatchObject([{ share: 0.5, stages: [{ share: 0.5 }] }]);
});

test('a device that fails the self-test, or is lost, is noted and the next one measured', async () => {
  const failed = { ...step, device: 'webgpu', outcome: 'failed', cosine: 0.5, reason: 'wrong' } as const;
  const fates = [new ProbeError('No way.', { ladder: [failed] }), null];
  const lost = fake({
    embed: (count) => {
      if (count > 1) throw new DeviceLostError('Lost twice.');
    },
  });
  const report = await run({
    rungs: [
      { device: 'webgpu', activations: 'f16' },
      { device: 'webgpu', activations: 'f32' },
    ],
    load: async () => {
      const fate = fates.shift();
      if (fate) throw fate;
      return lost.model;
    },
    pictures: [],
    captions: [1, 16],
  });
  expect(report.rungs).toMatchObject([
    { error: 'No way.', probe: [{ outcome: 'failed', cosine: 0.5, reason: 'wrong' }], figures: [], load: null },
    { error: null, figures: [{ skipped: null }, { skipped: 'Lost twice.' }] },
  ]);
  expect(lost.disposed()).toBe(1);
});

test('what would take too long, going by the one before, is left out', async () => {
  const { model } = fake();
  const slow: MeasurableModel = {
    ...model,
    embed: async (inputs, options) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return model.embed(inputs, options);
    },
  };
  const report = await run({ load: async () => slow, pictures: [64, 256], captions: [], longest: 0.1 });
  expect(report.rungs[0]!.figures).toMatchObject([
    { size: 64, skipped: null },
    { size: 256, skipped: expect.stringMatching(/it would take \d s or more here, longer than 0.1 s/) },
  ]);
});

test('an abort ends it with the reason, the model is freed, and other errors are not swallowed', async () => {
  const controller = new AbortController();
  const reason = new Error('stopped');
  const { model, disposed } = fake({ embed: () => controller.abort(reason) });
  const running = run({ load: async () => model, signal: controller.signal });
  await expect(running).rejects.toBe(reason);
  expect(disposed()).toBe(1);
  const broken = fake({
    embed: () => {
      throw new TypeError('a mistake of ours');
    },
  });
  await expect(run({ load: async () => broken.model })).rejects.toThrow(TypeError);
  expect(broken.disposed()).toBe(1);
});

test('an input that the model refuses is left out with its words', async () => {
  const { model } = fake({
    embed: () => {
      throw new InvalidInputError('No pictures here.');
    },
  });
  const report = await run({ load: async () => model, pictures: [64], captions: [] });
  expect(report.rungs[0]!.figures).toEqual([{ kind: 'picture', size: 64, skipped: 'No pictures here.' }]);
});

describe('runs', () => {
  /** A clock that each call moves on. */
  function clocked(durations: number[]) {
    let now = 0;
    let calls = 0;
    return { call: async () => (now += durations[calls++]!), now: () => now, calls: () => calls };
  }

  test('the one in the middle counts, the first not at all', async () => {
    const { call, now } = clocked([900, 30, 10, 20]);
    expect(await repeat(call, { runs: 3 }, now)).toEqual({ result: 960, milliseconds: 20, runs: 3 });
  });

  test('are as many as time allows', async () => {
    const slow = clocked([800, 700, 700, 700]);
    expect(await repeat(slow.call, { runs: 9, seconds: 1 }, slow.now)).toMatchObject({ milliseconds: 700, runs: 2 });
    const slower = clocked([1100]);
    expect(await repeat(slower.call, { seconds: 1 }, slower.now)).toMatchObject({ milliseconds: 1100, runs: 1 });
    expect(slower.calls()).toBe(1);
  });
});

test('inputs: captions differ, pictures have the cells that are asked for', () => {
  expect(new Set(captions(MOST_CAPTIONS)).size).toBe(MOST_CAPTIONS);
  const sizes = picturesFor(INFO.image, [64, 128, 1024]).map(({ size, image, options }) => [
    ...[size, image.width, image.height, options.maxPixels],
  ]);
  expect(sizes).toEqual([
    [64, 224, 224, 224 * 224],
    [128, 448, 224, 448 * 224],
    [1024, 896, 896, 896 * 896],
  ]);
  const tiled = picturesFor({ plan: 'hd', options: ['numCrops'] }, [64, 128]);
  expect(tiled.map(({ size, options }) => [size, options])).toEqual([
    [null, { numCrops: 1 }],
    [null, {}],
  ]);
});

test('Markdown has every figure and every reason', async () => {
  const report = await run({ pictures: [64, 1024], captions: [1] });
  const text = reportAsMarkdown(report);
  for (const words of [
    '### fake, q8',
    'owner/base',
    'Test 1, a CPU, 2 cores, 8 GiB',
    'least cosine 0.9999999',
    '4 GFLOP/s (64 × 2048 × 2048, 8-bit weights)',
    '| a picture, 64 visual tokens |',
    '| 1 caption |',
    '| text.0: a picture, 64 visual tokens | 2 | 50 % |',
    'Not measured: a picture, 1024 visual tokens: this model takes at most 512 tokens',
  ]) {
    expect(text).toContain(words);
  }
  expect(text).not.toMatch(/undefined|NaN|null|\n\n\n/);
});

test.each([
  [0.000012, '0'],
  [0.0123, '0.01'],
  [0.84, '0.84'],
  [12.34, '12.3'],
  [1254, '1,250'],
  [0, '0'],
])('%d reads %s', (value, words) => expect(number(value)).toBe(words));
