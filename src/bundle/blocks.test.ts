import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aboutNormal } from '../testing/random';
import { allocateRows, BLOCK, BlockQuantizer, dequantizeRow, rowSizes, type BlockFormat } from './blocks';
import { toHalf } from './float16';

const FORMATS: BlockFormat[] = [4, 8].flatMap((bits) =>
  [false, true].map((zeroPoints) => ({ bits: bits as 4 | 8, zeroPoints })),
);

function roundTrip(values: Float32Array, format: BlockFormat, search = true) {
  const rows = allocateRows(format, 1, values.length);
  const reported = new BlockQuantizer(format, { search }).quantizeRow(values, 0, values.length, rows, 0);
  const back = new Float32Array(values.length);
  dequantizeRow(format, rows, 0, values.length, back);
  const error = back.reduce((sum, value, i) => sum + (value - values[i]!) ** 2, 0);
  return { rows, back, error, reported };
}

const weights = (maxLength = 100) =>
  fc
    .tuple(
      fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength }),
      fc.constantFrom(1e-3, 1, 1e3),
    )
    .map(([values, size]) => Float32Array.from(values, (value) => value * size));

describe.each(FORMATS)('$bits bits, zero points $zeroPoints', (format) => {
  const top = 2 ** format.bits - 1;

  test('the error reported is the error that remains', () => {
    fc.assert(
      fc.property(weights(), fc.boolean(), (values, search) => {
        const { error, reported } = roundTrip(values, format, search);
        expect(Math.abs(error - reported)).toBeLessThanOrEqual(1e-6 * error + 1e-30);
      }),
    );
  });

  test('no block does worse than rounding to its plain scale', () => {
    fc.assert(
      fc.property(weights(BLOCK), (values) => {
        const norm = values.reduce((sum, value) => sum + value * value, 0);
        const extreme = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
        const { reported } = roundTrip(values, format);
        const step = (extreme * 2) / top;
        // half a step per weight; the far end of the other sign may be clipped by a step; the half-float scale
        const bound = Math.sqrt(values.length) * step * 1.02 + extreme * values.length * 2 ** -11 + 2 ** -24 * top;
        expect(Math.sqrt(reported)).toBeLessThanOrEqual(bound);
        expect(reported).toBeLessThanOrEqual(norm * (1 + 1e-9));
      }),
    );
  });

  test('searching never loses to the plain scale on random weights', () => {
    const values = aboutNormal(64 * BLOCK, 7);
    expect(roundTrip(values, format).reported).toBeLessThan(roundTrip(values, format, false).reported);
  });

  test('representable weights come back exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: top }), { minLength: BLOCK - 2, maxLength: BLOCK - 2 }),
        fc.integer({ min: 0x0c00, max: 0x5000 }), // scales that are normal half floats
        fc.integer({ min: 1, max: top - 1 }),
        (codes, half, zeroPoint) => {
          const scale = allScales(half);
          const zero = format.zeroPoints ? zeroPoint : 2 ** (format.bits - 1);
          const values = Float32Array.from([0, top, ...codes], (code) => scale * (code - zero));
          expect(roundTrip(values, format).reported).toBe(0);
        },
      ),
    );
  });

  test('zeros, constants, tiny and huge weights', () => {
    expect([...roundTrip(new Float32Array(40), format).back].every((value) => value === 0)).toBe(true);
    const constant = new Float32Array(32).fill(-0.75);
    expect(roundTrip(constant, format).reported).toBeLessThan(32 * (0.75 * 2 ** -11) ** 2); // the scale rounds
    const subnormal = roundTrip(new Float32Array(32).fill(1e-42), format);
    expect(subnormal.reported).toBeLessThanOrEqual(33e-84);
    expect(roundTrip(Float32Array.of(3e5, -1e5), format).reported / 1e11).toBeLessThan(0.01);
    expect(() => roundTrip(Float32Array.of(3e38, 1), format)).toThrow(RangeError);
    expect(() => roundTrip(Float32Array.of(NaN, 1), format)).toThrow(RangeError);
    expect(() => roundTrip(Float32Array.of(1, -Infinity), format)).toThrow(RangeError);
  });

  test('columns beyond the end of the row stand for zero', () => {
    const { rows } = roundTrip(aboutNormal(33, 3), format);
    const padded = new Float32Array(64);
    dequantizeRow(format, rows, 0, 64, padded);
    expect([...padded.subarray(33)].every((value) => value === 0)).toBe(true);
  });
});

test.each([4, 8] as const)('%i bits: with zero points a block is never worse than without', (bits) => {
  fc.assert(
    fc.property(weights(BLOCK), (values) => {
      const symmetric = roundTrip(values, { bits, zeroPoints: false }).reported;
      expect(roundTrip(values, { bits, zeroPoints: true }).reported).toBeLessThanOrEqual(symmetric);
    }),
  );
});

test('the layout is that of MatMulNBits', () => {
  const format: BlockFormat = { bits: 4, zeroPoints: true };
  expect(rowSizes(format, 96)).toEqual({ codes: 48, scales: 6, zeroPoints: 2 });
  expect(rowSizes({ bits: 8, zeroPoints: true }, 588)).toEqual({ codes: 608, scales: 38, zeroPoints: 19 });
  // block 0: zero point 0, codes 0 … 15 twice; block 1: zero point 15; block 2: zero point 5
  const ramp = Array.from({ length: 32 }, (_, i) => i % 16);
  const values = Float32Array.from([...ramp, ...ramp.map((code) => code - 15), ...ramp.map((code) => code - 5)]);
  const { rows } = roundTrip(values, format);
  expect([...rows.codes.subarray(0, 8)]).toEqual([0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe]);
  expect([...rows.zeroPoints!]).toEqual([0xf0, 0x05]);
  expect([...rows.scales]).toEqual([toHalf(1), toHalf(1), toHalf(1)]);
});

test('without zero points the extreme weight takes the far end of the code range', () => {
  const { rows } = roundTrip(Float32Array.of(8, 1, -7), { bits: 4, zeroPoints: false });
  expect(rows.scales[0]).toBe(toHalf(-1));
  expect(rows.codes[0]).toBe(0x70); // 8 → code 0, 1 → code 7
  expect(rows.codes[1]! & 15).toBe(15);
});

function allScales(half: number): number {
  return (1 + (half & 0x3ff) / 1024) * 2 ** ((half >>> 10) - 15);
}
