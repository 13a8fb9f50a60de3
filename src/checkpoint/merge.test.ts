import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointFormatError } from '../errors';
import { makeFactors, mergeRows } from './merge';

/** The formula, one number at a time in float64. */
function plainMerge(
  w: Float32Array,
  a: Float32Array,
  b: Float32Array,
  r: number,
  scaling: number,
  m: Float32Array | null,
) {
  const columns = a.length / r;
  const out = Float64Array.from(w, (value, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    let sum = 0;
    for (let k = 0; k < r; k++) sum += b[row * r + k]! * a[k * columns + column]!;
    return value + scaling * sum;
  });
  for (let row = 0; m && row < m.length; row++) {
    const values = out.subarray(row * columns, (row + 1) * columns);
    const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    values.forEach((value, j) => (values[j] = (m[row]! / norm) * value));
  }
  return out;
}

const number = fc.double({ min: -2, max: 2, noNaN: true }).map(Math.fround);
const vector = (length: number) =>
  fc.array(number, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));
const layer = fc
  .record({
    rows: fc.integer({ min: 1, max: 9 }),
    columns: fc.integer({ min: 1, max: 13 }),
    r: fc.integer({ min: 1, max: 10 }),
  })
  .chain(({ rows, columns, r }) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      r: fc.constant(r),
      // away from 0, so that no row's norm is tiny
      w: vector(rows * columns).map((values) => values.map((value) => value + (value < 0 ? -40 : 40))),
      a: vector(r * columns),
      b: vector(rows * r),
      m: vector(rows),
      scaling: fc.constantFrom(0.5, 1, 2),
      dora: fc.boolean(),
    }),
  );

describe('mergeRows', () => {
  it('is the formula, for any rank and shape', () => {
    fc.assert(
      fc.property(layer, ({ columns, r, w, a, b, m, scaling, dora }) => {
        const magnitude = dora ? m : null;
        const merged = w.slice();
        mergeRows(merged, 0, columns, makeFactors({ name: 'w', a, b, r, scaling, magnitude }));
        const expected = plainMerge(w, a, b, r, scaling, magnitude);
        merged.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(3e-5));
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same bits however rows are sliced', () => {
    fc.assert(
      fc.property(layer, fc.nat(8), ({ rows, columns, r, w, a, b, m, scaling, dora }, cut) => {
        const factors = makeFactors({ name: 'w', a, b, r, scaling, magnitude: dora ? m : null });
        const whole = w.slice();
        mergeRows(whole, 0, columns, factors);
        const at = Math.min(cut, rows);
        const [head, tail] = [w.slice(0, at * columns), w.slice(at * columns)];
        mergeRows(head, 0, columns, factors);
        mergeRows(tail, at, columns, factors);
        expect(Float32Array.of(...head, ...tail)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  it('gives every row the norm of its magnitude, beyond one column tile too', () => {
    const [rows, columns, r] = [6, 3001, 8];
    const wave = (length: number, step: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * step));
    const magnitude = Float32Array.from({ length: rows }, (_, i) => 0.5 + i);
    const merged = wave(rows * columns, 0.7);
    const factors = { name: 'w', a: wave(r * columns, 1.3), b: wave(rows * r, 2.1), r, scaling: 8 };
    mergeRows(merged, 0, columns, makeFactors({ ...factors, magnitude }));
    for (let row = 0; row < rows; row++) {
      expect(Math.hypot(...merged.subarray(row * columns, (row + 1) * columns))).toBeCloseTo(magnitude[row]!, 5);
    }
  });

  it('names the row that cannot be merged', () => {
    const factors = makeFactors({
      name: 'layer.weight',
      a: new Float32Array(2),
      b: new Float32Array(3),
      r: 1,
      scaling: 1,
      magnitude: new Float32Array(3).fill(1),
    });
    const zero = Float32Array.of(1, 0, 0, 0, 1, 1);
    expect(() => mergeRows(zero, 0, 2, factors)).toThrow(CheckpointFormatError);
    expect(() => mergeRows(zero.slice(), 0, 2, factors)).toThrow(/row 1 of "layer.weight"/);
    for (const bad of [NaN, Infinity]) {
      expect(() => mergeRows(Float32Array.of(1, bad), 2, 2, factors)).toThrow(/row 2/);
    }
  });
});
