import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidInputError } from '../../errors';
import { combineVectors, EXCLUSION } from './combine-vectors';

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0);
const unit = (v: number[]) => v.map((x) => x / Math.hypot(...v));
const sum = (parts: { vector: number[]; weight: number }[]) =>
  parts[0]!.vector.map((_, i) => parts.reduce((total, { vector, weight }) => total + unit(vector)[i]! * weight, 0));

const part = fc.record({
  vector: fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 })
    .filter((v) => Math.hypot(...v) > 1e-6),
  weight: fc.double({ min: 0.01, max: 10, noNaN: true }),
});

test('is the sum of what is included less half of what is excluded', () => {
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.array(part, { maxLength: 3 }),
      (include, exclude) => {
        const wanted = sum(include);
        fc.pre(Math.hypot(...wanted) > 1e-3);
        const unwanted = exclude.length > 0 ? sum(exclude) : [0, 0, 0, 0, 0];
        const expected = unit(wanted).map((x, i) => x - EXCLUSION * unwanted[i]!);
        fc.pre(Math.hypot(...expected) > 1e-3);
        const found = combineVectors({ include, exclude });
        unit(expected).forEach((x, i) => expect(found[i]).toBeCloseTo(x, 5));
        expect(dot(found, found)).toBeCloseTo(1, 5);
      },
    ),
  );
});

test('an excluded direction counts for less than before, and what is at a right angle to it as much', () => {
  const found = combineVectors({ include: [{ vector: [1, 1, 0] }], exclude: [{ vector: [0, 3, 0] }] });
  expect(found[1]! / found[0]!).toBeCloseTo((Math.SQRT1_2 - EXCLUSION) / Math.SQRT1_2, 6);
  expect(found[2]).toBe(0);
});

test('exclusions alone look for what is least like them', () => {
  expect([...combineVectors({ exclude: [{ vector: [2, 0] }] })].map((x) => x + 0)).toEqual([-1, 0]);
});

test('what cannot be combined is refused', () => {
  const a = { vector: [1, 0] };
  expect(() => combineVectors({})).toThrow(InvalidInputError);
  expect(() => combineVectors({ include: [{ vector: [] }] })).toThrow(InvalidInputError);
  expect(() => combineVectors({ include: [a, { vector: [1, 0, 0] }] })).toThrow(InvalidInputError);
  expect(() => combineVectors({ include: [a, { vector: [0, 0] }] })).toThrow(InvalidInputError);
  expect(() => combineVectors({ include: [a, { vector: [NaN, 0] }] })).toThrow(InvalidInputError);
  expect(() => combineVectors({ include: [a, { vector: [-1, 0] }] })).toThrow(/cancel/);
  expect(() => combineVectors({ include: [a], exclude: [{ ...a, weight: 2 }] })).toThrow(/cancel/);
  for (const weight of [0, -1, NaN, Infinity]) {
    expect(() => combineVectors({ include: [{ ...a, weight }] })).toThrow(InvalidInputError);
  }
});
