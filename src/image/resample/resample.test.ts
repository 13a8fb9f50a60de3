/** @file The SIMD passes against the scalar ones; those are compared with Pillow's own results in resize.test.ts. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { base64ToBytes } from '../../bundle/base64';
import { compileWat } from '../../testing/compile-wat';
import { computeTaps, CUBIC, TRIANGLE } from '../resize';
import { RESAMPLE_WASM } from './resample-wasm';
import { resampleScalar } from './scalar';
import { resampleSimd } from './simd';
import type { Passes, Taps } from './taps';

const RUNS = process.env.VLM2VEC_FULL_TESTS ? 500 : 80;

test('the committed bytes are what resample.wat compiles to, and below the limit for compiling at once', async () => {
  const bytes = await compileWat(readFileSync(path.join(import.meta.dirname, 'resample.wat'), 'utf8'));
  expect(base64ToBytes(RESAMPLE_WASM)).toEqual(new Uint8Array(bytes));
  expect(bytes.length).toBeLessThan(4096);
});

/** Bytes that look like noise, the same for each seed. */
function noise(width: number, height: number, seed: number) {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0, state = seed; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    data[i] = state >>> 24;
  }
  return { width, height, data };
}

/** Both ways, each with its own copy: neither may write to what it reads. */
function expectSame(image: ReturnType<typeof noise>, passes: Passes) {
  const expected = resampleScalar(image, passes);
  const before = image.data.slice();
  const given = resampleSimd(image, passes);
  expect(given).not.toBeNull();
  expect(given!.length).toBe(expected.length);
  expect(Buffer.compare(given!, expected)).toBe(0);
  expect(Buffer.compare(image.data, before)).toBe(0);
}

const taps = (from: number, to: number, kernel = CUBIC) => (from === to ? null : computeTaps(from, to, kernel));

describe('SIMD gives the bits of the scalar passes', () => {
  const side = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 700 }));

  test.each([
    ['bicubic', CUBIC],
    ['bilinear', TRIANGLE],
  ])('%s, at random sizes', (_, kernel) => {
    fc.assert(
      fc.property(
        side,
        side,
        side,
        side,
        fc.integer(),
        fc.boolean(),
        (width, height, toWidth, toHeight, seed, hard) => {
          fc.pre(width !== toWidth || height !== toHeight);
          const image = noise(width, height, seed);
          // Hard edges, which overshoot: clipping on both sides.
          if (hard) for (let i = 0; i < image.data.length; i++) image.data[i] = image.data[i]! < 128 ? 0 : 255;
          expectSame(image, { horizontal: taps(width, toWidth, kernel), vertical: taps(height, toHeight, kernel) });
        },
      ),
      { numRuns: RUNS },
    );
  });

  test('with any weights and any number of taps', () => {
    const anyTaps = (inSize: number): fc.Arbitrary<Taps> =>
      fc
        .array(fc.tuple(fc.integer({ min: 0, max: inSize - 1 }), fc.integer({ min: 1, max: 9 })), {
          minLength: 1,
          maxLength: 40,
        })
        .chain((pairs) => {
          const ordered = pairs.map(([first, count]) => [first, Math.min(first + count, inSize)] as const);
          const first = Int32Array.from(ordered, ([from]) => from).sort();
          const ends = Int32Array.from(ordered, ([, to]) => to).sort();
          const stride = 9 + inSize;
          const weight = fc.oneof(fc.integer({ min: -(2 ** 30) + 1, max: 2 ** 30 - 1 }), fc.constantFrom(0, -1, 32768));
          return fc
            .array(weight, { minLength: first.length * stride, maxLength: first.length * stride })
            .map((weights) => ({
              first,
              count: first.map((from, i) => ends[i]! - from),
              weights: Int32Array.from(weights),
              stride,
            }));
        });
    const problem = fc
      .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }))
      .chain(([width, height]) =>
        fc.record({
          image: fc.constant({ width, height }),
          horizontal: fc.option(anyTaps(width)),
          vertical: fc.option(anyTaps(height)),
          seed: fc.integer(),
        }),
      )
      .filter(({ horizontal, vertical }) => horizontal !== null || vertical !== null);
    fc.assert(
      fc.property(problem, ({ image: { width, height }, seed, ...passes }) =>
        expectSame(noise(width, height, seed), passes),
      ),
      { numRuns: RUNS },
    );
  });

  // Larger than a band or a strip, or with more taps than a band has rows.
  test.each([
    [1500, 1501, 1203, 700],
    [1201, 1400, 1201, 333],
    [1201, 1400, 333, 1400],
    [4, 90_000, 3, 2],
    [90_000, 5, 2, 3],
    [30_000, 9, 29_000, 8],
    [12, 10, 1999, 900],
  ])('%i × %i → %i × %i', (width, height, toWidth, toHeight) => {
    const passes = { horizontal: taps(width, toWidth), vertical: taps(height, toHeight) };
    expectSame(noise(width, height, 7), passes);
    expectSame(noise(width, height, 8), passes); // again, on memory that is no longer zeros
  });
});

test('where SIMD is missing the scalar passes do it', async () => {
  vi.resetModules();
  const missing = vi.spyOn(WebAssembly, 'Module').mockImplementation(function () {
    throw new WebAssembly.CompileError('no SIMD');
  });
  const { resample } = await import('./index');
  const image = noise(50, 40, 3);
  const passes = { horizontal: taps(50, 30), vertical: taps(40, 20) };
  expect(resample(image, passes)).toEqual({ width: 30, height: 20, data: resampleScalar(image, passes) });
  expect(resample(image, passes).data.length).toBe(30 * 20 * 3);
  expect(missing).toHaveBeenCalledTimes(1);
  missing.mockRestore();
});
