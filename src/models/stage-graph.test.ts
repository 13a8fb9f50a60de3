/** @file The graphs, compared with the plain float64 forward pass, stage by stage, batch by batch, dtype by dtype. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BundleFormatError } from '../errors';
import { maxDifference } from '../testing/fixtures';
import { DATA_TYPE, onnx } from '../onnx/proto';
import { buildStageGraph, cutStage, planStages, storedWeights } from './index';
import { textRotary } from './native/rotary';
import type { GraphStage, StagePlan } from './types';
import { textForward, visionForward, type Weights } from './qwen2-vl/testing/reference-forward';
import { Towers } from './qwen2-vl/testing/session.node';
import { roundTrip, storeStage, type TestDtype } from './qwen2-vl/testing/store';
import { normals, randomWeights, tinyConfig, tinyNetwork, tokenRows } from './qwen2-vl/testing/tiny-model';

const config = tinyConfig;
const weights = randomWeights(config, 1);
const whole = planStages(tinyNetwork(config), () => 0);
/** One block per stage: every matrix pretends to be an eighth of a file. */
const split = planStages(tinyNetwork(config), ({ shape }) => (shape.length === 2 ? 2 ** 25 : 0));
const rows = tokenRows(
  config,
  weights,
  Array.from({ length: config.vocabSize }, (_, id) => id),
);
const PATCH = 588;

function open(plans: StagePlan[], dtype: TestDtype = 'fp32'): Promise<Towers> {
  return Towers.open(
    config,
    plans.map((plan) => storeStage(config, plan, weights, dtype)),
  );
}

/** Some ids. // [length] */
function ids(length: number, seed: number): number[] {
  return Array.from({ length }, (_, i) => (i * i * 7 + i * 3 + seed * 11) % config.vocabSize);
}

function referenceText(of: Weights, sequence: readonly number[]): Float32Array {
  return once(of, `text ${sequence}`, () => [
    textForward(
      config,
      of,
      sequence.map((id) => rows[id]!),
    ),
  ]);
}

function referenceVision(of: Weights, patches: Float32Array, grid: { height: number; width: number }): Float32Array {
  return once(of, `${patches[0]} ${grid.height} ${grid.width}`, () => visionForward(config, of, patches, grid));
}

const known = new Map<Weights, Map<string, Float32Array>>();

/** The reference is slow: each result is computed once. */
function once(of: Weights, key: string, compute: () => Float64Array[]): Float32Array {
  const results = known.get(of) ?? new Map<string, Float32Array>();
  known.set(of, results);
  const result = results.get(key) ?? Float32Array.from(compute().flatMap((row) => [...row]));
  results.set(key, result);
  return result;
}

describe.each([
  ['one stage per tower', whole],
  ['a stage per block', split],
])('%s', (_, plans) => {
  let towers: Towers;
  beforeAll(async () => {
    towers = await open(plans);
  });
  afterAll(() => towers.release());

  test.each([1, 2, 31, 32, 33, 64, 65, 300])('%i tokens', async (length) => {
    const sequence = ids(length, length);
    const [embedding] = await towers.text(rows, null, [sequence]);
    expect(maxDifference(embedding!, referenceText(weights, sequence))).toBeLessThan(1e-6);
  });

  test.each([
    [2, 2],
    [2, 6],
    [8, 2],
    [10, 12],
  ])('an image of %i × %i patches', async (height, width) => {
    const patches = normals(height * width * PATCH, height * 100 + width);
    const features = await towers.vision(patches, { height, width });
    expect(maxDifference(features, referenceVision(weights, patches, { height, width }))).toBeLessThan(1e-5);
  });
});

describe('a stage that is cut between its steps', () => {
  const stored = whole.map((plan) => storeStage(config, plan, weights, 'q4-zp'));

  test('computes the same as in one piece', async () => {
    const patches = normals(4 * 6 * PATCH, 5);
    const run = async (stages: typeof stored) => {
      const towers = await Towers.open(config, stages);
      const features = await towers.vision(patches, { height: 4, width: 6 });
      const [embedding] = await towers.text(rows, null, [ids(40, 3)]);
      await towers.release();
      return [features, embedding!] as const;
    };
    const parts = stored.flatMap((stage) => cutStage(tinyNetwork(config), stage, 1));
    expect(parts).toHaveLength(2 + 2 * config.vision.depth + 2 * config.layers + 1);
    const [before, after] = [await run(stored), await run(parts)];
    // The kernels round differently only where a norm no longer adds its branch itself.
    expect(maxDifference(after[0], before[0])).toBeLessThan(1e-5);
    expect(maxDifference(after[1], before[1])).toBeLessThan(1e-6);
  });

  test('has every tensor in one part, and no part exceeds the limit', () => {
    for (const stage of stored) {
      const bytes = stage.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
      expect(cutStage(tinyNetwork(config), stage, bytes)).toEqual([stage]);
      const parts = cutStage(tinyNetwork(config), stage, bytes * 0.7);
      expect(parts.flatMap(({ tensors }) => tensors)).toEqual(stage.tensors);
      for (const { tensors } of parts) {
        expect(tensors.reduce((sum, tensor) => sum + tensor.bytes, 0)).toBeLessThanOrEqual(bytes * 0.7);
      }
    }
  });
});

describe('q, k and v stored separately', () => {
  /** The text stage with its first weight of each layer cut this way. */
  const cut = (plans: StagePlan[], ...stored: string[]) =>
    plans.map((plan) => {
      const has = (name: string) => stored.some((each) => name.endsWith(`.${each}.weight`));
      return { ...plan, weights: plan.weights.flatMap((weight) => storedWeights(weight, has)) };
    });
  const ways = [['q', 'kv'], ['qk', 'v'], ['q', 'k', 'v'], ['qkv']];

  test.each(ways.flatMap((way) => (['fp32', 'q4-zp'] as const).map((dtype) => [way, dtype] as const)))(
    '%j, %s: the vectors are those of the whole',
    async (way, dtype) => {
      const stages = cut(whole, ...way).map((plan) => storeStage(config, plan, weights, dtype));
      const names = stages[1]!.tensors.map(({ name }) => name).filter((name) => name.startsWith('layers.0.self_attn'));
      for (const each of way) expect(names.some((name) => name.includes(`.${each}.weight`))).toBe(true);
      const stands = roundTrip(config, whole, weights, dtype);
      for (const run of [stages, stages.flatMap((stage) => cutStage(tinyNetwork(config), stage, 1))]) {
        const towers = await Towers.open(config, run);
        const sequences = [ids(5, 1), ids(33, 2)];
        const embeddings = await towers.text(rows, null, sequences);
        sequences.forEach((sequence, i) =>
          expect(maxDifference(embeddings[i]!, referenceText(stands, sequence))).toBeLessThan(1e-6),
        );
        await towers.release();
      }
    },
  );

  test('with one of them missing: refused by name', () => {
    const stage = storeStage(config, cut(whole, 'q', 'kv')[1]!, weights, 'fp32');
    const tensors = stage.tensors.filter(({ name }) => name !== 'layers.1.self_attn.kv.weight');
    const build = () => buildStageGraph(tinyNetwork(config), { ...stage, tensors }, { activations: 'f32' });
    expect(build).toThrow(/lacks the tensor "layers.1.self_attn.k.weight"/);
  });
});

test('a stage that names blocks, as bundles did before version 3, is the same stage', () => {
  const stage = storeStage(config, split[4]!, weights, 'fp32');
  const { steps: _, ...rest } = stage;
  const graph = (each: GraphStage) => buildStageGraph(tinyNetwork(config), each, { activations: 'f32' });
  expect(graph({ ...rest, blocks: { first: 1, last: 2 } })).toEqual(graph(stage));
  const parts = (each: GraphStage) => cutStage(tinyNetwork(config), each, 1).map(({ steps }) => steps);
  expect(parts({ ...rest, blocks: { first: 1, last: 2 } })).toEqual(parts(stage));
});

test('with one stage per block, each has one block', () => {
  expect(whole.map(({ name }) => name)).toEqual(['vision.0', 'text.0']);
  expect(split.map(({ name }) => name)).toEqual(['vision.0', 'vision.1', 'vision.2', 'text.0', 'text.1', 'text.2']);
});

describe('batches', () => {
  let towers: Towers;
  const lengths = [3, 31, 8, 1, 40, 33, 32, 2];
  const sequences = lengths.map(ids);

  beforeAll(async () => {
    towers = await open(split);
  });
  afterAll(() => towers.release());

  test('padded sequences equal those run one by one', async () => {
    const together = await towers.text(rows, null, sequences);
    for (const [i, sequence] of sequences.entries()) {
      const [alone] = await towers.text(rows, null, [sequence]);
      expect(maxDifference(together[i]!, alone!)).toBeLessThan(1e-6);
    }
  });

  test('values in the padding never reach a pooled row, not even NaN', async () => {
    const nan = new Float32Array(config.hiddenSize).fill(Number.NaN);
    const clean = await towers.text(rows, null, sequences);
    const poisoned = await towers.text([...rows, nan], null, sequences, rows.length);
    poisoned.forEach((embedding, i) => expect(maxDifference(embedding, clean[i]!)).toBe(0));
  });

  test('images that share a grid equal those run one by one', async () => {
    const grid = { height: 4, width: 6 };
    const images = [1, 2, 3].map((seed) => normals(24 * PATCH, seed));
    const together = await towers.vision(Float32Array.from(images.flatMap((image) => [...image])), grid);
    const perImage = together.length / images.length;
    for (const [i, image] of images.entries()) {
      const alone = await towers.vision(image, grid);
      expect(maxDifference(together.slice(i * perImage, (i + 1) * perImage), alone)).toBeLessThan(1e-6);
    }
  });

  test('visual tokens go where the prompt has them, in any order, beside texts', async () => {
    const features = normals(3 * config.hiddenSize, 9);
    const visual = [0, 1, 2].map((i) => features.subarray(i * config.hiddenSize, (i + 1) * config.hiddenSize));
    const at = rows.length;
    const mixed = [
      [at + 2, 5, at, 6, at + 1],
      [5, 6],
      [at + 1, 9, 9],
    ];
    const embeddings = await towers.text(rows, features, mixed);
    const all = [...rows, ...visual];
    mixed.forEach((sequence, i) => {
      const wanted = textForward(
        config,
        weights,
        sequence.map((row) => all[row]!),
      );
      expect(maxDifference(embeddings[i]!, Float32Array.from(wanted))).toBeLessThan(1e-6);
    });
  });
});

describe.each<TestDtype>(['fp16', 'q8', 'q8-zp', 'q4', 'q4-zp'])('weights stored as %s', (dtype) => {
  test('compute what the weights that they represent would compute', async () => {
    const towers = await open(split, dtype);
    const stands = roundTrip(config, split, weights, dtype);
    const sequences = [ids(5, 1), ids(33, 2)];
    const embeddings = await towers.text(rows, null, sequences);
    sequences.forEach((sequence, i) => {
      expect(maxDifference(embeddings[i]!, referenceText(stands, sequence))).toBeLessThan(1e-6);
      // The weights do differ from the unrounded ones.
      expect(maxDifference(embeddings[i]!, referenceText(weights, sequence))).toBeGreaterThan(1e-5);
    });
    const grid = { height: 4, width: 4 };
    const patches = normals(16 * PATCH, 3);
    const features = await towers.vision(patches, grid);
    expect(maxDifference(features, referenceVision(stands, patches, grid))).toBeLessThan(1e-5);
    await towers.release();
  });
});

describe.each(['f32', 'f16'] as const)('graphs with %s activations', (activations) => {
  const { f32, f16, i32, i64 } = DATA_TYPE;
  const act = activations === 'f16' ? f16 : f32;
  const graphs = split.map((plan) => {
    const bytes = buildStageGraph(tinyNetwork(config), storeStage(config, plan, weights, 'q4-zp'), { activations });
    return onnx.ModelProto.decode(bytes).graph!;
  });

  test('have the inputs and outputs of models/types.ts', () => {
    const types = (values: (typeof graphs)[number]['input']) =>
      Object.fromEntries(values!.map(({ name, type }) => [name, type!.tensorType!.elemType]));
    const vision = { cos: f32, sin: f32, batch_shape: i64 };
    const text = { ...vision, padded: i32, packed: i32, seqlens_k: i32, total_sequence_length: i32 };
    expect(graphs.map(({ input, output }) => [types(input), types(output)])).toEqual([
      [{ patches: f32, ...vision }, { hidden_out: f32 }],
      [{ hidden: f32, ...vision }, { hidden_out: f32 }],
      [{ hidden: f32, ...vision }, { features: act }],
      [{ token_rows: f32, features: act, rows: i32, ...text }, { hidden_out: f32 }],
      [{ hidden: f32, ...text }, { hidden_out: f32 }],
      [{ hidden: f32, last: i32, ...text }, { embedding: f32 }],
    ]);
  });

  test('use only operators that are known to run on WebGPU', () => {
    const seen = [
      'Add',
      'Cast',
      'Concat',
      'Gather',
      'Gelu',
      'Gemm',
      'GroupQueryAttention',
      'LayerNormalization',
      'LpNormalization',
      'MatMulNBits',
      'Mul',
      'MultiHeadAttention',
      'QuickGelu',
      'Reshape',
      'RotaryEmbedding',
      'SimplifiedLayerNormalization',
      'SkipLayerNormalization',
      'SkipSimplifiedLayerNormalization',
      'Split',
    ];
    const used = new Set(graphs.flatMap(({ node }) => node!.map(({ opType }) => opType)));
    expect([...used].filter((op) => !seen.includes(op!))).toEqual([]);
  });
});

describe('files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vlm2vec-model-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('a graph beside its weight file is a plain ONNX model that ONNX Runtime opens', async () => {
    const stage = storeStage(config, whole[1]!, weights, 'q4-zp');
    const path = join('deeper', 'text.0.bin');
    await mkdir(join(folder, 'deeper'));
    await writeFile(join(folder, path), stage.data);
    const model = buildStageGraph(tinyNetwork(config), { ...stage, weights: { path } }, { activations: 'f32' });
    expect(model.length).toBeLessThan(50_000);
    await writeFile(join(folder, 'text.0.onnx'), model);
    const session = await ort.InferenceSession.create(join(folder, 'text.0.onnx'));
    expect(session.outputNames).toEqual(['embedding']);
    const { cos, sin, rows: length, columns } = textRotary(config).sequence(2, '');
    const result = await session.run({
      token_rows: new ort.Tensor('float32', Float32Array.from([...rows[4]!, ...rows[9]!]), [2, config.hiddenSize]),
      features: new ort.Tensor('float32', new Float32Array(config.hiddenSize), [1, config.hiddenSize]),
      rows: new ort.Tensor('int32', Int32Array.of(0, 1), [2]),
      cos: new ort.Tensor('float32', cos, [length, columns]),
      sin: new ort.Tensor('float32', sin, [length, columns]),
      seqlens_k: new ort.Tensor('int32', Int32Array.of(1), [1]),
      total_sequence_length: new ort.Tensor('int32', Int32Array.of(2), []),
      batch_shape: new ort.Tensor('int64', BigInt64Array.of(1n, 2n, -1n), [3]),
      padded: new ort.Tensor('int32', Int32Array.of(0, 1), [2]),
      packed: new ort.Tensor('int32', Int32Array.of(0, 1), [2]),
      last: new ort.Tensor('int32', Int32Array.of(1), [1]),
    });
    const wanted = referenceText(roundTrip(config, whole, weights, 'q4-zp'), [4, 9]);
    expect(maxDifference(result.embedding!.data as Float32Array, wanted)).toBeLessThan(1e-6);
    await session.release();
  });

  test('a stage that lacks a weight, or has an unknown one, is refused', () => {
    const stage = storeStage(config, split[4]!, weights, 'fp32');
    const build = (tensors: typeof stage.tensors) => () =>
      buildStageGraph(tinyNetwork(config), { ...stage, tensors }, { activations: 'f32' });
    expect(build(stage.tensors)).not.toThrow();
    expect(build(stage.tensors.slice(1))).toThrow(BundleFormatError);
    const strange = { name: 'lm_head', dtype: 'f32', shape: [1], offset: 0, bytes: 4 } as const;
    expect(build([...stage.tensors, { ...strange, shape: [1] }])).toThrow(/lm_head/);
    for (const range of [
      { first: 1, last: 1 },
      { first: 2, last: 400 },
      { first: -1, last: 1 },
    ]) {
      for (const ranges of [{ steps: range }, { steps: undefined, blocks: range }, { steps: undefined }]) {
        const graph = () => buildStageGraph(tinyNetwork(config), { ...stage, ...ranges }, { activations: 'f32' });
        expect(graph).toThrow(BundleFormatError);
      }
    }
  });
});
