import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64ToBytes } from '../../bundle/base64';
import { compileWat } from '../../testing/compile-wat';
import { FEEDBACK_WASM } from './feedback-wasm';
import { JsKernel, LAYOUT, PAIRS, type FeedbackKernel } from './kernel';
import { createFeedbackKernel, SimdKernel } from './simd';

test('the committed bytes are what feedback.wat compiles to, and below the limit for compiling at once', async () => {
  const bytes = await compileWat(readFileSync(path.join(import.meta.dirname, 'feedback.wat'), 'utf8'));
  expect(base64ToBytes(FEEDBACK_WASM)).toEqual(new Uint8Array(bytes));
  expect(bytes.length).toBeLessThan(4096);
});

test('SIMD is used if available', () => {
  expect(createFeedbackKernel().name).toBe('simd');
});

test('the arrays do not overlap', () => {
  const places = Object.entries(LAYOUT).map(([name, { at, length }]) => ({
    at,
    end: at + length * (name === 'codes' ? 1 : 8),
  }));
  places.sort((a, b) => a.at - b.at);
  places.slice(1).forEach(({ at }, i) => expect(at).toBeGreaterThanOrEqual(places[i]!.end));
  expect(places.at(-1)!.end).toBeLessThanOrEqual(14 * 65536);
});

/** Odd numbers among them: halves that round to even, zeros, codes beyond the range. */
const weights = fc.oneof(
  fc.double({ min: -2, max: 2, noNaN: true }),
  fc.constantFrom(0, -0, 0.5, -1.5, 1e-300, 40, -40),
);

test('both kernels give the same numbers', () => {
  const kernels: FeedbackKernel[] = [new SimdKernel(), new JsKernel()];
  const problem = fc.record({
    pairs: fc.integer({ min: 1, max: PAIRS }),
    block: fc.integer({ min: 0, max: 9 }),
    more: fc.integer({ min: 0, max: 10 }),
    first: fc.integer({ min: 0, max: 9 }),
    kind: fc.constantFrom(0 as const, 1 as const),
    numbers: fc.array(weights, { minLength: 61, maxLength: 61 }),
    zeros: fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 7, maxLength: 7 }),
  });
  fc.assert(
    fc.property(problem, ({ pairs, block, more, first, kind, numbers, zeros }) => {
      const blocks = more === 0 ? 0 : Math.min(10, block + more);
      const results = kernels.map((kernel) => {
        const { arrays } = kernel;
        const doubles = Object.entries(arrays).filter(([name]) => name !== 'codes') as [string, Float64Array][];
        doubles.forEach(([name, values], salt) => {
          const source = /zero/i.test(name) ? zeros : numbers;
          for (let i = 0; i < values.length; i++) values[i] = source[(i * 7 + salt) % source.length]!;
        });
        arrays.importance.forEach((value, i) => (arrays.importance[i] = Math.abs(value)));
        kernel.fit(pairs, block, kind);
        kernel.judge(pairs, block, 4);
        kernel.feed(pairs, block, blocks);
        kernel.pass(pairs, block, first, 10);
        const { fitted, fittedZero, errors, codes, taken, loss, weights: left } = arrays;
        // −0 and 0 weigh the same.
        const plain = [fitted, fittedZero, errors, taken, loss, left].map((values) =>
          Array.from(values, (value) => value + 0),
        );
        return [...plain, [...codes.subarray(0, pairs * 640)]];
      });
      expect(results[0]).toEqual(results[1]);
    }),
    { numRuns: 60 },
  );
});
