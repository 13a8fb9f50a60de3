/** @file Compared with numpy (reference/feedback/gptq.py), and with what follows from the definition. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { base64ToBytes } from '../../bundle/base64';
import { fromHalf } from '../../bundle/float16';
import {
  groupSizes,
  groupWidth,
  SKETCH_COLUMNS,
  sketchSigns,
  sketchSize,
  type InputMoments,
} from '../../bundle/moments';
import { allocateRows, BlockQuantizer, dequantizeRow, type BlockFormat, type BlockRows } from '../../onnx/quantize';
import { FeedbackRows } from './encode-rows';
import { factorsOf } from './factors';
import { JsKernel, type FeedbackKernel } from './kernel';
import { SimdKernel } from './simd';

interface Case {
  rows: number;
  columns: number;
  zeroPoints: boolean;
  /** Columns of a group. */
  width: number;
  /** Little-endian float32 in base64. // [rows, columns] */
  weights: string;
  /** Sixteenths, as signed bytes in base64. // [tokens, columns] */
  inputs: string;
  codes: number[][];
  scales: number[][];
  zeros: number[][];
  fed: number;
  plain: number;
}

type Moments = Omit<InputMoments, 'weights'>;

const CASES = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../../reference/fixtures/feedback.json'), 'utf8'),
) as Case[];
const float32 = (text: string) => new Float32Array(base64ToBytes(text).slice().buffer);
const inputsOf = (text: string) => Float32Array.from(new Int8Array(base64ToBytes(text).slice().buffer), (x) => x / 16);
const KERNELS = { simd: () => new SimdKernel(), js: () => new JsKernel() };

/** // [tokens, columns] */
function momentsOf(inputs: Float32Array, columns: number): Moments {
  const groups = groupSizes(columns).map((n, group) => {
    const first = group * groupWidth(columns);
    const sums: number[] = [];
    for (let i = first; i < first + n; i++) {
      for (let k = i; k < first + n; k++) {
        let sum = 0;
        for (let at = 0; at < inputs.length; at += columns) sum += inputs[at + i]! * inputs[at + k]!;
        sums.push(sum);
      }
    }
    return Float32Array.from(sums);
  });
  return { columns, groups, sketch: sketchSize(columns) === 0 ? null : sketchOf(inputs, columns) };
}

/** Xᵀ (X S). */
function sketchOf(inputs: Float32Array, columns: number): Float32Array {
  const signs = sketchSigns(columns);
  const sketch = new Float64Array(columns * SKETCH_COLUMNS);
  for (let at = 0; at < inputs.length; at += columns) {
    const projected = new Float64Array(SKETCH_COLUMNS);
    for (let c = 0; c < columns; c++)
      for (let k = 0; k < SKETCH_COLUMNS; k++) projected[k]! += inputs[at + c]! * signs[c * SKETCH_COLUMNS + k]!;
    for (let c = 0; c < columns; c++)
      for (let k = 0; k < SKETCH_COLUMNS; k++) sketch[c * SKETCH_COLUMNS + k]! += inputs[at + c]! * projected[k]!;
  }
  return Float32Array.from(sketch);
}

function codesOf({ codes }: BlockRows, row: number, columns: number): number[] {
  const bytes = Math.ceil(columns / 32) * 16;
  return Array.from({ length: columns }, (_, i) => (codes[row * bytes + (i >> 1)]! >> (4 * (i & 1))) & 15);
}

function plainRows(values: Float32Array, count: number, columns: number, format: BlockFormat): BlockRows {
  const rows = allocateRows(format, count, columns);
  const quantizer = new BlockQuantizer(format);
  for (let row = 0; row < count; row++) quantizer.quantizeRow(values, row * columns, columns, rows, row);
  return rows;
}

/** The squared error of a row's outputs for these inputs. */
function outputError(values: Float32Array, stored: BlockRows, format: BlockFormat, inputs: Float32Array): number {
  const columns = values.length;
  const rounded = new Float32Array(columns);
  dequantizeRow(format, stored, 0, columns, rounded);
  let error = 0;
  for (let at = 0; at < inputs.length; at += columns) {
    let sum = 0;
    for (let i = 0; i < columns; i++) sum += inputs[at + i]! * (values[i]! - rounded[i]!);
    error += sum * sum;
  }
  return error;
}

describe.each(Object.entries(KERNELS))('%s', (_, kernel) => {
  test.each(CASES)(
    'numpy’s codes, scales, zero points and errors: $rows × $columns, zero points $zeroPoints',
    (given) => {
      const { rows: count, columns, zeroPoints } = given;
      expect(groupWidth(columns)).toBe(given.width);
      const moments = momentsOf(inputsOf(given.inputs), columns);
      const format: BlockFormat = { bits: 4, zeroPoints };
      const values = float32(given.weights);
      const factors = factorsOf(moments);
      const out = allocateRows(format, count, columns);
      const error = new FeedbackRows(kernel()).encode(values, { count, columns, format }, factors, out);
      const blocks = Math.ceil(columns / 32);
      for (let row = 0; row < count; row++) {
        expect(codesOf(out, row, columns)).toEqual(given.codes[row]);
        const scales = Array.from(out.scales.subarray(row * blocks, (row + 1) * blocks), fromHalf);
        expect(scales).toEqual(given.scales[row]);
        if (!out.zeroPoints) continue;
        const bytes = Math.ceil(blocks / 2);
        const zeros = Array.from(
          { length: blocks },
          (__, b) => (out.zeroPoints![row * bytes + (b >> 1)]! >> (4 * (b & 1))) & 15,
        );
        expect(zeros).toEqual(given.zeros[row]);
      }
      expect(error.kept / given.fed).toBeCloseTo(1, 6);
      expect(error.plain / given.plain).toBeCloseTo(1, 6);
    },
  );

  test.each([false, true])(
    'where inputs are white, it is plain rounding, byte for byte (zero points %s)',
    (zeroPoints) => {
      const format: BlockFormat = { bits: 4, zeroPoints };
      const [count, columns] = [37, 600];
      const values = randomValues(count * columns, 5);
      const identity = (n: number) =>
        Float32Array.from(Array.from({ length: n }, (__, i) => [3, ...new Array<number>(n - 1 - i).fill(0)]).flat());
      const factors = factorsOf({ columns, groups: [224, 224, 152].map(identity), sketch: null });
      const plain = plainRows(values, count, columns, format);
      for (const given of [factors, [null, null, null]]) {
        const out = allocateRows(format, count, columns);
        new FeedbackRows(kernel()).encode(values, { count, columns, format }, given, out);
        expect(out).toEqual(plain);
      }
    },
  );
});

test('both kernels give the same bytes, and less error than plain rounding in every row', () => {
  const [count, columns] = [21, 530];
  const inputs = randomInputs(300, columns, 11);
  const moments = momentsOf(inputs, columns);
  for (const zeroPoints of [false, true]) {
    const format: BlockFormat = { bits: 4, zeroPoints };
    const values = randomValues(count * columns, 7);
    const encode = (kernel: FeedbackKernel, sketch: Float32Array | null) => {
      const out = allocateRows(format, count, columns);
      const factors = factorsOf({ ...moments, sketch });
      const error = new FeedbackRows(kernel).encode(values, { count, columns, format }, factors, out);
      return { out, error };
    };
    const [a, b] = Object.values(KERNELS).map((kernel) => encode(kernel(), moments.sketch));
    expect(a).toEqual(b);
    expect(a!.error.kept).toBeLessThan(0.5 * a!.error.plain);
    const rows = { plain: plainRows(values, count, columns, format), alone: encode(new SimdKernel(), null).out };
    const errors = { plain: 0, alone: 0, fed: 0 };
    for (let row = 0; row < count; row++) {
      const one = values.subarray(row * columns, (row + 1) * columns);
      const of = (all: BlockRows) => outputError(one, rowOf(all, row, count), format, inputs);
      const fed = of(a!.out);
      expect(fed).toBeLessThan(of(rows.plain));
      errors.plain += of(rows.plain);
      errors.alone += of(rows.alone);
      errors.fed += fed;
    }
    expect(errors.alone).toBeLessThan(0.4 * errors.plain);
    expect(errors.fed).toBeLessThan(0.7 * errors.alone);
  }
});

test('columns without inputs are rounded plainly, whatever is known of the others', () => {
  const [count, columns] = [3, 544];
  const format: BlockFormat = { bits: 4, zeroPoints: true };
  const values = randomValues(count * columns, 9);
  const inputs = randomInputs(200, columns, 5).map((x, i) => (i % columns < 192 ? 0 : x));
  const factors = factorsOf(momentsOf(inputs, columns));
  expect(factors.map((group) => group !== null)).toEqual([false, true, true]);
  const out = allocateRows(format, count, columns);
  new FeedbackRows().encode(values, { count, columns, format }, factors, out);
  const plain = plainRows(values, count, columns, format);
  for (let row = 0; row < count; row++) {
    expect(codesOf(out, row, columns).slice(0, 192)).toEqual(codesOf(plain, row, columns).slice(0, 192));
    expect(codesOf(out, row, columns)).not.toEqual(codesOf(plain, row, columns));
  }
});

test('impossible moments give no factors; with an impossible sketch, groups are on their own', () => {
  const one = (upper: Float32Array) => factorsOf({ columns: 128, groups: [upper], sketch: null });
  expect(one(new Float32Array((128 * 129) / 2))).toEqual([null]);
  const moments = momentsOf(randomInputs(300, 128, 3), 128).groups[0]!;
  expect(one(moments)[0]).not.toBeNull();
  expect(one(moments.slice().fill(NaN))).toEqual([null]);
  const impossible = moments.slice();
  impossible[1] = 1e9; // a covariance larger than both variances
  expect(one(impossible)).toEqual([null]);

  const wide = momentsOf(randomInputs(150, 544, 3), 544);
  const alone = factorsOf({ ...wide, sketch: null });
  expect(alone.map((group) => group!.directions)).toEqual([0, 0, 0]);
  expect(factorsOf(wide).map((group) => group!.directions)).toEqual([64, 64, 64]);
  for (const wrong of [0, NaN, Infinity])
    expect(factorsOf({ ...wide, sketch: wide.sketch!.map(() => wrong) })).toEqual(alone);
  expect(factorsOf({ ...wide, sketch: wide.sketch!.map((value) => 1e3 * value) })).toEqual(alone);
});

test('a weight too large for any half-precision scale is refused', () => {
  const format: BlockFormat = { bits: 4, zeroPoints: false };
  const values = randomValues(128, 3);
  values[7] = 1e9;
  const encode = () =>
    new FeedbackRows().encode(
      values,
      { count: 1, columns: 128, format },
      factorsOf(momentsOf(randomInputs(300, 128, 4), 128)),
      allocateRows(format, 1, 128),
    );
  expect(encode).toThrow(RangeError);
});

function rowOf(rows: BlockRows, row: number, count: number): BlockRows {
  const cut = <T extends Uint8Array | Uint16Array>(all: T) =>
    all.subarray((row * all.length) / count, ((row + 1) * all.length) / count) as T;
  return { codes: cut(rows.codes), scales: cut(rows.scales), zeroPoints: rows.zeroPoints && cut(rows.zeroPoints) };
}

function randomValues(length: number, seed: number): Float32Array {
  const random = numbers(seed);
  return Float32Array.from({ length }, () => (random() + random() + random() - 1.4) * 0.1);
}

/** Mixtures of 60 numbers, and a little noise. // [tokens, columns] */
function randomInputs(tokens: number, columns: number, seed: number): Float32Array {
  const random = numbers(seed);
  const inputs = new Float32Array(tokens * columns);
  const mixing = Array.from({ length: 60 }, () => Array.from({ length: columns }, () => random() - 0.5));
  for (let at = 0; at < inputs.length; at += columns) {
    for (let i = 0; i < columns; i++) inputs[at + i] = 0.4 * (random() - 0.5);
    for (const mix of mixing) {
      const amount = random() - 0.5;
      for (let i = 0; i < columns; i++) inputs[at + i]! += amount * mix[i]!;
    }
  }
  return inputs;
}

function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
