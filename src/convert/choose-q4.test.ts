/** @file Bits by the role of a matrix, within the budget: for the sizes of published models, and for any others. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rowBytes } from '../bundle/rows';
import { architectureOf, runName, storedRuns, storedWeights, type Network, type PlannedWeight } from '../models';
import { CHAINED } from '../models/architecture';
import { decoderTower } from '../models/blocks/decoder';
import { rowSizes, type BlockFormat } from '../onnx/quantize';
import { configOf, type OfficialName } from '../testing/official-models';
import { chooseQ4, Q4_BUDGET_BITS } from './choose-q4';
import { columnsOf } from './rows';

function networkOf(name: OfficialName): Network {
  const config = configOf(name, 'official');
  return architectureOf(config).network(config, { head: null });
}
const label = ({ bits, zeroPoints }: BlockFormat) => `${bits}${zeroPoints ? 'z' : ''}`;

/** Kinds of weight, how each is stored, and in how many layers. */
function kinds(formats: ReadonlyMap<string, BlockFormat>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [name, format] of formats) {
    const kind = `${name.replace(/\.\d+\./, '.*.').replace('.weight', '')} ${label(format)}`;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** Bits per weight, including the table, counted from the weights as stored. */
function bitsPerWeight(network: Network, formats: ReadonlyMap<string, BlockFormat>): number {
  let weights = network.vocabSize * network.hiddenSize;
  let bytes = network.vocabSize * rowBytes('q4', network.hiddenSize);
  const matrices = [...network.towers.vision.blocks, ...network.towers.text.blocks].flat(2);
  for (const weight of matrices.filter(({ quantize }) => quantize)) {
    let rows = 0;
    for (const stored of storedWeights(weight, (name) => formats.has(name))) {
      const { codes, scales, zeroPoints } = rowSizes(formats.get(stored.name)!, columnsOf(stored));
      rows += stored.shape[0]!;
      bytes += stored.shape[0]! * (codes + scales + zeroPoints);
    }
    expect(rows, weight.name).toBe(weight.shape[0]); // each row once
    weights += rows * columnsOf(weight);
  }
  return (8 * bytes) / weights;
}

test('the 2B has room for values and outputs at 8 bits, zero points in all of the text tower, and more in its first layers', () => {
  const network = networkOf('qwen2-vl-2b');
  const formats = chooseQ4(network);
  expect(kinds(formats)).toEqual({
    'vision.blocks.*.attn.qkv 4': 31, // the smallest that is left
    'vision.blocks.*.attn.qkv 4z': 1,
    'vision.blocks.*.attn.proj 4': 29,
    'vision.blocks.*.attn.proj 4z': 3,
    'vision.blocks.*.mlp.fc1 4': 32,
    'vision.blocks.*.mlp.fc2 4': 32,
    'vision.merger.mlp.* 4': 2,
    'layers.*.self_attn.q 4z': 6,
    'layers.*.self_attn.kv 8': 6,
    'layers.*.self_attn.qk 4z': 22,
    'layers.*.self_attn.v 8': 22,
    'layers.*.self_attn.o_proj 8': 28,
    'layers.*.mlp.gate_proj 4z': 28,
    'layers.*.mlp.up_proj 4z': 28,
    'layers.*.mlp.down_proj 8': 3,
    'layers.*.mlp.down_proj 4z': 25,
  });
  expect(formats.get('layers.0.mlp.down_proj.weight')?.bits).toBe(8);
  expect(bitsPerWeight(network, formats)).toBeCloseTo(Q4_BUDGET_BITS, 4);
});

test('the 7B has room for the 8 bits, and for zero points in its first layers', () => {
  const found = kinds(chooseQ4(networkOf('qwen2-vl-7b')));
  expect(found).toMatchObject({ 'layers.*.self_attn.v 8': 28, 'layers.*.self_attn.o_proj 8': 28 });
  expect(found['layers.*.mlp.gate_proj 4z']).toBeGreaterThan(20);
  expect(found['layers.*.mlp.gate_proj 4']).toBeGreaterThan(4);
  expect(found['layers.*.mlp.down_proj 8']).toBeUndefined();
});

test('Phi-3.5-vision, whose q, k and v are one matrix of equal thirds, has room for the values of nearly all layers', () => {
  const network = networkOf('phi3-v');
  const formats = chooseQ4(network);
  const { 'layers.*.self_attn.v 8': values, ...others } = kinds(formats);
  expect(values).toBe(31);
  expect(Object.keys(others).filter((kind) => kind.endsWith(' 8'))).toEqual([]);
  expect(formats.get('layers.31.self_attn.qkv.weight')?.bits).toBe(4);
  expect(bitsPerWeight(network, formats)).toBeLessThanOrEqual(Q4_BUDGET_BITS);
});

test('LLaVA-1.6 has room for all values, and the outputs of most layers', () => {
  const network = networkOf('llava-next');
  const formats = chooseQ4(network);
  const outputs = Array.from({ length: 32 }, (_, i) => formats.get(`layers.${i}.self_attn.o_proj.weight`)!.bits);
  expect(outputs).toEqual([...Array<number>(24).fill(8), ...Array<number>(8).fill(4)]);
  expect(kinds(formats)).toMatchObject({ 'layers.*.self_attn.v 8': 32 });
  expect(bitsPerWeight(network, formats)).toBeLessThanOrEqual(Q4_BUDGET_BITS);
});

/** A decoder of any shape above a tower of any size. */
const anyNetwork = fc
  .record({
    headDim: fc.constantFrom(32, 64),
    kvHeads: fc.integer({ min: 1, max: 3 }),
    group: fc.integer({ min: 1, max: 4 }),
    layers: fc.integer({ min: 1, max: 5 }),
    intermediateSize: fc.integer({ min: 1, max: 40 }).map((n) => 32 * n),
    hiddenSize: fc.integer({ min: 1, max: 20 }).map((n) => 32 * n),
    visionRows: fc.integer({ min: 1, max: 2000 }),
    vocabSize: fc.integer({ min: 1, max: 3000 }),
    fused: fc.boolean(),
  })
  .map(({ group, visionRows, vocabSize, fused, ...config }): Network => {
    const { kvHeads, hiddenSize } = config;
    const text = decoderTower(
      { ...config, heads: kvHeads * group, rmsEps: 1e-6 },
      { source: 'model', attentionBias: false, fused, head: null, f16Scale: 1 },
    );
    const weight: PlannedWeight = {
      ...{ name: 'vision.weight', shape: [visionRows, 64], parts: ['vision'], rowTransform: 'none', quantize: true },
    };
    const vision = { blocks: [[[weight]]], f16Scale: 1, build: () => undefined };
    return {
      ...{ name: 'any', hiddenSize, dims: hiddenSize, vocabSize, embeddingTensor: 'table', routes: CHAINED },
      towers: { vision, text },
    };
  });

test('the budget is kept, every row is stored once, and nothing comes before what matters more', () => {
  fc.assert(
    fc.property(anyNetwork, (network) => {
      const formats = chooseQ4(network);
      expect(bitsPerWeight(network, formats)).toBeLessThanOrEqual(Q4_BUDGET_BITS);
      expect(formats.get('vision.weight')!.bits).toBe(4);
      const text = [...formats].filter(([name]) => name !== 'vision.weight').map(([, format]) => format);
      const hasMore = (format: BlockFormat) => format.bits === 8 || format.zeroPoints;
      const layers = network.towers.text.blocks.map((steps) => eachRow(steps.flat(), formats));
      const eight = (role: string) => layers.map((layer) => layer.get(role)!.bits === 8);
      for (const role of ['value', 'output', 'down', 'key']) {
        expect(eight(role)).toEqual(eight(role).toSorted((a, b) => Number(b) - Number(a))); // the first layers
      }
      // A key takes as much as a value.
      if (eight('value').includes(false)) expect(eight('key')).not.toContain(true);
      if (eight('down').includes(true)) expect(text.every(hasMore)).toBe(true);
    }),
  );
});

/** Formats of the matrices with a role, section by section. */
function eachRow(block: readonly PlannedWeight[], formats: ReadonlyMap<string, BlockFormat>) {
  const roles = new Map<string, BlockFormat>();
  for (const weight of block) {
    const { sections } = weight;
    if (!sections) {
      if (weight.role) roles.set(weight.role, formats.get(weight.name)!);
      continue;
    }
    for (const run of storedRuns(weight.name, sections, (name) => formats.has(name))) {
      for (const { role } of run) roles.set(role, formats.get(runName(weight.name, run))!);
    }
  }
  return roles;
}
