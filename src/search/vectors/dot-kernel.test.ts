import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64ToBytes } from '../../bundle/base64';
import { compileWat } from '../../testing/compile-wat';
import { createDotKernel, LANES, MAX_LENGTH, MAX_QUERY_SUM, MAX_ROWS } from './dot-kernel';
import { DOTS_WASM } from './dots-wasm';

test('the committed bytes are what dots.wat compiles to, and below the limit for compiling at once', async () => {
  const bytes = await compileWat(readFileSync(path.join(import.meta.dirname, 'dots.wat'), 'utf8'));
  expect(base64ToBytes(DOTS_WASM)).toEqual(new Uint8Array(bytes));
  expect(bytes.length).toBeLessThan(4096);
});

test('SIMD is used where there is any', () => {
  expect(createDotKernel().name).toBe('simd');
});

/** Rows of codes and a query that fits. */
const problems = fc
  .record({
    lanes: fc.integer({ min: 1, max: 9 }),
    gap: fc.integer({ min: 0, max: 2 }),
    count: fc.integer({ max: 11, min: 0 }),
  })
  .chain(({ lanes, gap, count }) => {
    const length = lanes * LANES;
    const stride = length + gap * LANES;
    return fc.record({
      length: fc.constant(length),
      stride: fc.constant(stride),
      count: fc.constant(count),
      start: fc.constantFrom(0, stride),
      codes: fc.int8Array({ minLength: stride * (count + 1), maxLength: stride * (count + 1) }),
      query: fc.int16Array({ minLength: length, maxLength: length }),
    });
  });

test('both kernels give the integers of a plain loop', () => {
  fc.assert(
    fc.property(problems, ({ length, stride, count, start, codes, query }) => {
      const expected = Array.from({ length: count }, (_, row) => {
        let sum = 0;
        for (let i = 0; i < length; i++) sum += codes[start + row * stride + i]! * query[i]!;
        return sum;
      });
      for (const name of ['simd', 'js'] as const) {
        const kernel = createDotKernel(name);
        kernel.reserve(codes.length);
        kernel.codes.set(codes);
        kernel.load(query);
        expect([...kernel.dots(start, stride, count).subarray(0, count)]).toEqual(expected);
        const halves = [0, 1].map((half) => {
          const middle = LANES * Math.ceil(length / LANES / 2);
          const [from, to] = half === 0 ? [0, middle] : [middle, length];
          return from === to ? new Int32Array(count) : kernel.dots(start, stride, count, from, to).slice(0, count);
        });
        expect(expected.map((_, row) => halves[0]![row]! + halves[1]![row]!)).toEqual(expected);
      }
    }),
    { numRuns: 300 },
  );
});

test.each(['simd', 'js'] as const)('%s: no overflow at the largest sums allowed', (name) => {
  const kernel = createDotKernel(name);
  const stride = MAX_LENGTH;
  kernel.reserve(stride * 4);
  kernel.codes.fill(-128, 0, stride * 4);
  // All of the sum in one lane, and spread over all.
  const one = new Int16Array(MAX_LENGTH);
  for (let i = 0, left = MAX_QUERY_SUM; left > 0; i += LANES) left -= one[i] = Math.min(32767, left);
  const spread = new Int16Array(MAX_LENGTH).fill(Math.floor(MAX_QUERY_SUM / MAX_LENGTH));
  for (const query of [one, spread]) {
    const sum = query.reduce((a, b) => a + b, 0);
    kernel.load(query);
    expect([...kernel.dots(0, stride, 4).subarray(0, 4)]).toEqual(new Array(4).fill(sum * -128));
  }
});

test.each(['simd', 'js'] as const)('%s: rows survive growing, and a full call works', (name) => {
  const kernel = createDotKernel(name);
  kernel.reserve(16);
  kernel.codes.set([1, 2, 3]);
  kernel.reserve(MAX_ROWS * 16 + 1_000_000);
  expect([...kernel.codes.subarray(0, 4)]).toEqual([1, 2, 3, 0]);
  for (let row = 0; row < MAX_ROWS; row++) kernel.codes[row * 16] = row % 100;
  kernel.load(Int16Array.from({ length: 16 }, (_, i) => (i === 0 ? 3 : 0)));
  const sums = kernel.dots(0, 16, MAX_ROWS);
  expect(sums[MAX_ROWS - 1]).toBe(3 * ((MAX_ROWS - 1) % 100));
});
