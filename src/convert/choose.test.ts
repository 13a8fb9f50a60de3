import { describe, expect, test } from 'vitest';
import type { TensorStore } from '../checkpoint/types';
import type { Network, PlannedWeight } from '../models';
import { CHAINED } from '../models/architecture';
import { chooseLayouts } from './choose';
import { fakeCheckpoint } from './fake-checkpoint';
import type { WeightLayout } from './layout';

const matrix = (name: string, rows: number, columns: number, quantize = true): PlannedWeight => ({
  name,
  shape: [rows, columns],
  parts: [name],
  rowTransform: 'none',
  quantize,
});

/** A network with these weights in its text tower. */
function networkOf(weights: readonly PlannedWeight[]): Network {
  const tower = (weights: readonly PlannedWeight[]) => ({ blocks: [[weights]], f16Scale: 1, build: () => undefined });
  return {
    ...{ name: 'some', hiddenSize: 64, dims: 64, vocabSize: 0, embeddingTensor: 'table', routes: CHAINED },
    towers: { vision: tower([]), text: tower(weights) },
  };
}

/** A store of one matrix per name, filled by a function of (row, column). */
function storeOf(
  values: Record<string, (row: number, column: number) => number>,
  columns: number,
  rows: number,
): TensorStore {
  return {
    names: () => Object.keys(values),
    info: (name) => ({ name, dtype: 'F32', shape: [rows, columns] }),
    readRows: async (name, first, count) =>
      Float32Array.from({ length: count * columns }, (_, i) =>
        values[name]!(first + Math.floor(i / columns), i % columns),
      ),
  };
}

/** A pseudo-random number, roughly normal with deviation 0.6, for a place. */
function noise(row: number, column: number): number {
  let state = ((row + 1) * 7919 + (column + 1) * 104729) % 2147483647;
  const uniform = () => (state = (state * 16807) % 2147483647) / 2147483647;
  uniform();
  return uniform() + uniform() + uniform() + uniform() - 2;
}

const format = (layout: WeightLayout | undefined) =>
  typeof layout === 'object' ? `${layout.bits}${layout.zeroPoints ? 'z' : ''}` : layout;

describe('q8', () => {
  test('is symmetric if that is as good, and has zero points if they pay', async () => {
    const store = storeOf({ centred: noise, shifted: (r, c) => noise(r, c) + 3 }, 128, 64);
    const weights = [matrix('centred', 64, 128), matrix('shifted', 64, 128)];
    const layouts = await chooseLayouts(store, networkOf(weights), { dtype: 'q8' });
    expect(weights.map(({ name }) => format(layouts.get(name)))).toEqual(['8', '8z']);
  });
});

test.each([
  ['fp32', ['f32', 'f32', 'f32']],
  ['fp16', ['f16', 'f16', 'f32']],
  ['q8', ['8', 'f16', 'f32']],
  ['q4', ['4z', 'f16', 'f32']],
] as const)('%s: vectors are f32, matrices not to be quantized never below f16', async (dtype, expected) => {
  const store = storeOf({ a: noise, b: noise, c: noise }, 64, 32);
  const weights = [
    matrix('a', 32, 64),
    matrix('b', 32, 64, false),
    { ...matrix('c', 32, 64), shape: [32], quantize: false },
  ];
  const layouts = await chooseLayouts(store, networkOf(weights), { dtype });
  expect(weights.map(({ name }) => format(layouts.get(name)))).toEqual(expected);
});

test('measuring can be watched and aborted', async () => {
  const { tensors } = fakeCheckpoint();
  const name = 'model.layers.0.mlp.gate_proj.weight';
  const weights = Array.from({ length: 20 }, (_, i) => ({ ...matrix(`w${i}`, 96, 64), parts: [name] }));
  const seen: number[] = [];
  const network = networkOf(weights);
  await chooseLayouts(tensors, network, { dtype: 'q8', onMeasured: (done) => seen.push(done) });
  expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  const signal = AbortSignal.abort();
  await expect(chooseLayouts(tensors, network, { dtype: 'q8', signal })).rejects.toMatchObject({ name: 'AbortError' });
});
