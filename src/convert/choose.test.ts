import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TensorStore } from '../checkpoint/types';
import type { PlannedWeight } from '../models';
import type { BlockFormat } from '../onnx/quantize';
import { chooseLayouts, chooseQ4, Q4_BUDGET_BITS, type Measured } from './choose';
import { fakeCheckpoint } from './fake-checkpoint';
import { storedBytes, type WeightLayout } from './layout';

const matrix = (name: string, rows: number, columns: number, quantize = true): PlannedWeight => ({
  name,
  shape: [rows, columns],
  parts: [name],
  rowTransform: 'none',
  quantize,
});

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

/** A pseudo-random number, about normal with deviation 0.6, for a place. */
function noise(row: number, column: number): number {
  let state = ((row + 1) * 7919 + (column + 1) * 104729) % 2147483647;
  const uniform = () => (state = (state * 16807) % 2147483647) / 2147483647;
  uniform();
  return uniform() + uniform() + uniform() + uniform() - 2;
}

const options = { embedding: { weights: 0, bytes: 0 } };
const format = (layout: WeightLayout | undefined) =>
  typeof layout === 'object' ? `${layout.bits}${layout.zeroPoints ? 'z' : ''}` : layout;

describe('q8', () => {
  test('is symmetric where that is as good, and has zero points where they pay', async () => {
    const store = storeOf({ centred: noise, shifted: (r, c) => noise(r, c) + 3 }, 128, 64);
    const weights = [matrix('centred', 64, 128), matrix('shifted', 64, 128)];
    const layouts = await chooseLayouts(store, weights, { ...options, dtype: 'q8' });
    expect(weights.map(({ name }) => format(layouts.get(name)))).toEqual(['8', '8z']);
  });
});

test.each([
  ['fp32', ['f32', 'f32', 'f32']],
  ['fp16', ['f16', 'f16', 'f32']],
  ['q8', ['8', 'f16', 'f32']],
] as const)('%s: vectors are f32, matrices not to be quantized never below f16', async (dtype, expected) => {
  const store = storeOf({ a: noise, b: noise, c: noise }, 64, 32);
  const weights = [
    matrix('a', 32, 64),
    matrix('b', 32, 64, false),
    { ...matrix('c', 32, 64), shape: [32], quantize: false },
  ];
  const layouts = await chooseLayouts(store, weights, { ...options, dtype });
  expect(weights.map(({ name }) => format(layouts.get(name)))).toEqual(expected);
});

describe('q4', () => {
  test('zero points come first, everywhere; what is left keeps the worst matrices at 8 bits', async () => {
    const heavy = (r: number, c: number) => noise(r, c) ** 3; // 4 bits keep less of it than of normal weights
    const values: Record<string, (r: number, c: number) => number> = { heavy };
    for (let i = 0; i < 60; i++) values[`m${i}`] = (r, c) => noise(r + i * 100, c);
    const rowsOf = (name: string) => (name === 'heavy' ? 8 : 64); // small enough for the budget
    const weights = Object.keys(values).map((name) => matrix(name, rowsOf(name), 256));
    const whole = storeOf(values, 256, 64);
    const store = { ...whole, info: (name: string) => ({ ...whole.info(name)!, shape: [rowsOf(name), 256] }) };
    const layouts = await chooseLayouts(store, weights, { ...options, dtype: 'q4' });
    expect(format(layouts.get('heavy'))).toBe('8');
    expect(weights.filter(({ name }) => format(layouts.get(name)) === '4z')).toHaveLength(60);
  });

  test('the budget is kept, and no matrix gets worse for it', () => {
    const formats: BlockFormat[] = [
      { bits: 4, zeroPoints: false },
      { bits: 4, zeroPoints: true },
      { bits: 8, zeroPoints: false },
    ];
    const measured = fc
      .tuple(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.double({ min: 0, max: 0.02, noNaN: true }), { minLength: 3, maxLength: 3 }),
      )
      .map(([rows, blocks, errors]): Measured => {
        const weight = matrix('m', rows, blocks * 32);
        return {
          weight,
          options: formats.map((each, i) => ({ format: each, bytes: storedBytes(weight, each), error: errors[i]! })),
        };
      });
    fc.assert(
      fc.property(fc.array(measured, { maxLength: 30 }), (matrices) => {
        const chosen = chooseQ4(matrices, { weights: 0, bytes: 0 });
        const picked = matrices.map(({ options }, i) => options.find((option) => option.format === chosen[i])!);
        const count = matrices.reduce((sum, { weight }) => sum + weight.shape[0]! * weight.shape[1]!, 0);
        const smallest = matrices.reduce((sum, { options: [first] }) => sum + first!.bytes, 0);
        const bytes = picked.reduce((sum, option) => sum + option.bytes, 0);
        expect(bytes).toBeLessThanOrEqual(Math.max(smallest, (count * Q4_BUDGET_BITS) / 8));
        picked.forEach((option, i) => expect(option.error).toBeLessThanOrEqual(matrices[i]!.options[0]!.error));
      }),
    );
  });
});

test('measuring can be watched and aborted', async () => {
  const { tensors } = fakeCheckpoint();
  const name = 'model.layers.0.mlp.gate_proj.weight';
  const weights = Array.from({ length: 20 }, (_, i) => ({ ...matrix(`w${i}`, 96, 64), parts: [name] }));
  const seen: number[] = [];
  await chooseLayouts(tensors, weights, { ...options, dtype: 'q4', onMeasured: (done) => seen.push(done) });
  expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  const signal = AbortSignal.abort();
  await expect(chooseLayouts(tensors, weights, { ...options, dtype: 'q4', signal })).rejects.toMatchObject({
    name: 'AbortError',
  });
});
