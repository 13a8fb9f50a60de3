import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WeightDtype } from './manifest';
import { decodeRow, encodeRow, rowBytes } from './rows';

const DTYPES: WeightDtype[] = ['fp32', 'fp16', 'q8', 'q4'];
/** Largest error as a part of the row's largest weight. */
const TOLERANCE = { fp32: 0, fp16: 2 ** -11, q8: 1 / 127, q4: 1 / 7 };

const row = fc
  .array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 100 })
  .map((values) => Float32Array.from(values));

test.each(DTYPES)('%s rows have a fixed length and decode to about the weights', (dtype) => {
  fc.assert(
    fc.property(row, (values) => {
      const bytes = encodeRow(dtype, values);
      expect(bytes.length).toBe(rowBytes(dtype, values.length));
      const back = decodeRow({ dtype, columns: values.length }, bytes, new Float32Array(values.length));
      const extreme = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
      back.forEach((value, i) => {
        expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(
          TOLERANCE[dtype] * extreme + (dtype === 'fp32' ? 0 : 2 ** -21),
        );
      });
    }),
  );
});

test('sizes of the 2B model’s rows', () => {
  expect(DTYPES.map((dtype) => rowBytes(dtype, 1536))).toEqual([6144, 3072, 1536 + 96, 768 + 96 + 24]);
});

test('a row is decoded in place, even if unaligned', () => {
  const values = Float32Array.from({ length: 48 }, (_, i) => i - 20);
  for (const dtype of DTYPES) {
    const bytes = encodeRow(dtype, values);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const table = { dtype, columns: 48 };
    expect(decodeRow(table, shifted.subarray(3), new Float32Array(48))).toEqual(
      decodeRow(table, bytes, new Float32Array(48)),
    );
  }
});

test('a row of another length, and weights that do not fit, are refused', () => {
  expect(() => decodeRow({ dtype: 'q4', columns: 64 }, new Uint8Array(5), new Float32Array(64))).toThrow(RangeError);
  for (const dtype of ['fp16', 'q8', 'q4'] as const) {
    expect(() => encodeRow(dtype, Float32Array.of(1, 3e38))).toThrow(RangeError);
    expect(() => encodeRow(dtype, Float32Array.of(NaN, 1))).toThrow(RangeError);
  }
});
