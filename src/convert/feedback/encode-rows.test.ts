/** @file Compared with numpy (reference/feedback/gptq.py), and with what follows from the definition. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { base64ToBytes } from '../../bundle/base64';
import { fromHalf } from '../../bundle/float16';
import { groupSizes, groupWidth } from '../../bundle/moments';
import { allocateRows, BlockQuantizer, dequantizeRow, type BlockFormat, type BlockRows } from '../../onnx/quantize';
import { FeedbackRows } from './encode-rows';
import { factorsOf } from './factors';
import { JsKernel } from './kernel';
import { SimdKernel } from './simd';

interface Case {
  rows: number;
  columns: number;
  zeroPoints: boolean;
  /** Columns of a group. */
  width: number;
  /** Little-endian float32 in base64. // [rows, columns], [tokens, columns] */
  weights: string;
  inputs: string;
  codes: number[][];
  scales: number[][];
  zeros: number[][];
  fed: number;
  plain: number;
}

const CASES = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../../reference/fixtures/feedback.json'), 'utf8'),
) as Case[];
const float32 = (text: string) => new Float32Array(base64ToBytes(text).slice().buffer);
const KERNELS = { simd: () => new SimdKernel(), js: () => new JsKernel() };

/** Upper triangles of Xᵀ X, by group of columns. // [tokens, columns] */
function momentsOf(inputs: Float32Array, columns: number): Float32Array[] {
  return groupSizes(columns).map((n, group) => {
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

/** δᵀ H δ, H damped, summed over rows and groups. */
function outputError(
  values: Float32Array,
  rows: BlockRows,
  format: BlockFormat,
  {
    count,
    columns,
    moments,
  }: {
    count: number;
    columns: number;
    moments: readonly ArrayLike<number>[];
  },
): number {
  let error = 0;
  const stored = new Float32Array(columns);
  for (let row = 0; row < count; row++) {
    dequantizeRow(format, rows, row, columns, stored);
    moments.forEach((upper, group) => {
      const n = groupSizes(columns)[group]!;
      const difference = Array.from({ length: n }, (_, i) => {
        const at = group * groupWidth(columns) + i;
        return values[row * columns + at]! - stored[at]!;
      });
      let mean = 0;
      for (let i = 0, at = 0; i < n; at += n - i++) mean += upper[at]! / n;
      for (let i = 0, at = 0; i < n; i++) {
        for (let k = i; k < n; k++) {
          const h = upper[at++]! * (i === k ? 1 : 2) + (i === k ? 0.01 * mean : 0);
          error += h * difference[i]! * difference[k]!;
        }
      }
    });
  }
  return error;
}

describe.each(Object.entries(KERNELS))('%s', (_, kernel) => {
  test.each(CASES)(
    'numpy’s codes, scales, zero points and errors: $rows × $columns, zero points $zeroPoints',
    (given) => {
      const { rows: count, columns, zeroPoints } = given;
      expect(groupWidth(columns)).toBe(given.width);
      const moments = momentsOf(float32(given.inputs), columns);
      const format: BlockFormat = { bits: 4, zeroPoints };
      const values = float32(given.weights);
      const factors = moments.map((upper, group) => factorsOf(upper, groupSizes(columns)[group]!));
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
      expect(outputError(values, out, format, { count, columns, moments }) / error.kept).toBeCloseTo(1, 4);
    },
  );

  test.each([false, true])(
    'where inputs are white, it is plain rounding, byte for byte (zero points %s)',
    (zeroPoints) => {
      const format: BlockFormat = { bits: 4, zeroPoints };
      const [count, columns] = [37, 600];
      const values = randomValues(count * columns, 5);
      const identity = (n: number) =>
        Array.from({ length: n }, (__, i) => [3, ...new Array<number>(n - 1 - i).fill(0)]).flat();
      const factors = [factorsOf(identity(320), 320), factorsOf(identity(280), 280)];
      const plain = plainRows(values, count, columns, format);
      for (const given of [factors, [null, null]]) {
        const out = allocateRows(format, count, columns);
        new FeedbackRows(kernel()).encode(values, { count, columns, format }, given, out);
        expect(out).toEqual(plain);
      }
    },
  );
});

test('both kernels give the same bytes, and less error than plain rounding in every row', () => {
  const [count, columns] = [45, 530];
  for (const zeroPoints of [false, true]) {
    const format: BlockFormat = { bits: 4, zeroPoints };
    const values = randomValues(count * columns, 7);
    const moments = [288, 242].map((n, group) => randomMoments(n, 11 + group));
    const factors = moments.map((upper, group) => factorsOf(upper, groupSizes(columns)[group]!));
    const [a, b] = Object.values(KERNELS).map((kernel) => {
      const out = allocateRows(format, count, columns);
      const error = new FeedbackRows(kernel()).encode(values, { count, columns, format }, factors, out);
      return { out, error };
    });
    expect(a).toEqual(b);
    expect(a!.error.kept).toBeLessThan(0.75 * a!.error.plain);
    const plain = plainRows(values, count, columns, format);
    for (let row = 0; row < count; row++) {
      const one = values.subarray(row * columns, (row + 1) * columns);
      const of = (rows: BlockRows) => outputError(one, rowOf(rows, row, count), format, { count: 1, columns, moments });
      expect(of(a!.out)).toBeLessThanOrEqual(of(plain) * (1 + 1e-6));
    }
  }
});

test('columns without inputs, or with invalid moments, are rounded plainly', () => {
  expect(factorsOf(new Float32Array((128 * 129) / 2), 128)).toBeNull();
  expect(factorsOf(randomMoments(128, 3).fill(NaN), 128)).toBeNull();
  const impossible = randomMoments(128, 3);
  impossible[1] = 1e6; // a covariance larger than both variances
  expect(factorsOf(impossible, 128)).toBeNull();
});

test('a weight too large for any half-precision scale is refused', () => {
  const format: BlockFormat = { bits: 4, zeroPoints: false };
  const values = randomValues(128, 3);
  values[7] = 1e9;
  const encode = () =>
    new FeedbackRows().encode(
      values,
      { count: 1, columns: 128, format },
      [factorsOf(randomMoments(128, 4), 128)],
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

/** Xᵀ X of correlated inputs, its upper triangle. */
function randomMoments(n: number, seed: number): Float32Array {
  const random = numbers(seed);
  const inputs = Array.from({ length: 2 * n }, () => {
    const common = random() - 0.5;
    return Array.from({ length: n }, (_, i) => (random() - 0.5 + 2 * common) * (1 + (i % 5)));
  });
  const upper: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let k = i; k < n; k++) upper.push(inputs.reduce((sum, x) => sum + x[i]! * x[k]!, 0));
  }
  return Float32Array.from(upper);
}

function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
