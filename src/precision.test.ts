/** @file Embeddings in fewer bits, and what similarity makes of them. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidInputError } from './errors';
import { quantizeEmbedding, type Precision } from './precision';
import { similarity } from './similarity';

const vector = (dims: number) =>
  fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: dims, maxLength: dims })
    .map((values) => Float32Array.from(values))
    .filter((values) => Math.hypot(...values) > 1e-3)
    .map((values) => values.map((value) => value / Math.hypot(...values)));

test('by hand', () => {
  const given = Float32Array.of(0.5, -0.25, 0, 0.1, -0.5, 0.004, -0.001, 1e-9);
  expect([...quantizeEmbedding(given, 'int8')]).toEqual([127, -63, 0, 25, -127, 1, 0, 0]);
  expect([...quantizeEmbedding(given, 'binary')]).toEqual([0b10010101]);
  expect(quantizeEmbedding(given, 'float32')).toBe(given);
  expect([...quantizeEmbedding(new Float32Array(3), 'int8')]).toEqual([0, 0, 0]);
  expect(() => quantizeEmbedding(new Float32Array(12), 'binary')).toThrow(InvalidInputError);
  expect(() => quantizeEmbedding(given, 'int4' as Precision)).toThrow(/known values are float32, int8, binary/);
});

test.each([
  ['NaN', Float32Array.of(NaN, 1)],
  ['infinity', Float32Array.of(1, -Infinity)],
  ['nothing', null],
  ['an empty vector', new Float32Array()],
  ['bytes', new Uint8Array(8)],
])('%s is no vector, in any precision', (_, given) => {
  for (const precision of ['float32', 'int8', 'binary'] as const) {
    expect(() => quantizeEmbedding(given as Float32Array, precision)).toThrow(InvalidInputError);
  }
});

test('int8 keeps cosines to 127ths', () => {
  fc.assert(
    fc.property(vector(64), vector(64), (a, b) => {
      const exact = similarity(a, b);
      const coarse = similarity(quantizeEmbedding(a, 'int8'), quantizeEmbedding(b, 'int8'));
      // Each number is off by half a step at most: the vectors by 8/254 of the largest number in them.
      const bound = (4 / 127) * (Math.max(...a.map(Math.abs)) + Math.max(...b.map(Math.abs))) * 1.2;
      expect(Math.abs(coarse - exact)).toBeLessThanOrEqual(bound + 1e-6);
      expect(similarity(quantizeEmbedding(a, 'int8'), quantizeEmbedding(a, 'int8'))).toBeCloseTo(1, 12);
    }),
  );
});

test('binary counts signs', () => {
  fc.assert(
    fc.property(vector(24), vector(24), (a, b) => {
      const equal = a.reduce((count, value, i) => count + (value > 0 === b[i]! > 0 ? 1 : 0), 0);
      expect(similarity(quantizeEmbedding(a, 'binary'), quantizeEmbedding(b, 'binary'))).toBeCloseTo(
        (2 * equal) / 24 - 1,
        12,
      );
    }),
  );
});

describe('similarity of lists', () => {
  const a = [Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(0.6, 0.8)];
  const b = [Float32Array.of(0, 1), Float32Array.of(0.8, 0.6)];

  test('every one with every one', () => {
    const matrix = similarity(a, b);
    expect(matrix).toHaveLength(3);
    for (const [i, row] of matrix.entries()) {
      expect(row).toBeInstanceOf(Float32Array);
      expect([...row]).toEqual(b.map((each) => Math.fround(similarity(a[i]!, each))));
    }
    expect(similarity([], b)).toEqual([]);
    expect(similarity(a, []).map((row) => row.length)).toEqual([0, 0, 0]);
  });

  test('what does not go together is refused', () => {
    expect(() => similarity(a[0]!, Float32Array.of(1))).toThrow(/2 and 1 dimensions/);
    expect(() => similarity(a[0]! as never, Int8Array.of(1, 2) as never)).toThrow(/Float32Array and a Int8Array/);
    expect(() => similarity(a as never, a[0]! as never)).toThrow(/two vectors or two lists/);
  });
});
