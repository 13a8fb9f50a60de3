import { describe, expect, test } from 'vitest';
import { InvalidInputError } from './errors';
import { maxSim, type MultiVector } from './multi-vector';
import { similarity } from './similarity';

const refusal = (call: () => unknown): string => {
  try {
    return `gave ${String(call())}`;
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInputError);
    return (error as Error).message;
  }
};

describe('plain numbers', () => {
  test('are vectors, whose norms are divided out', () => {
    expect(similarity([1, 0], [0, 1])).toBe(0);
    expect(similarity([3, 4], [3, 4])).toBeCloseTo(1, 12);
    expect(similarity([3, 4], [-6, -8])).toBeCloseTo(-1, 12);
    expect(similarity([0, 0], [1, 0])).toBe(0);
  });

  test('beside those of embed', () => {
    expect(similarity<number[] | Float32Array>([2, 0], Float32Array.of(0.6, 0.8))).toBeCloseTo(0.6, 6);
    expect(refusal(() => similarity<number[] | Int8Array>([2, 0], Int8Array.of(1, 2)))).toMatch('different precisions');
  });

  test('lists of them', () => {
    const scores = similarity([[1, 0]], [[0, 1], [1, 0]]); // prettier-ignore
    expect(scores.map((row) => [...row])).toEqual([[0, 1]]);
  });
});

test.each<[string, () => unknown, RegExp]>([
  ['null of a skipped input', () => similarity([Float32Array.of(1)], [null as never]), /b\[0\] is null.*skipped/],
  ['texts', () => similarity(['a'] as never, ['b'] as never), /a\[0\] is a string/],
  ['a text', () => similarity('a' as never, [[1]] as never), /a is a string/],
  ['nothing', () => similarity(undefined as never, [[1]] as never), /a is a undefined/],
  ['another kind of array', () => similarity(Uint16Array.of(1) as never, Uint16Array.of(1) as never), /not a vector/],
  ['a vector and a list', () => similarity([1, 0] as never, [[1, 0]] as never), /put a single vector into a list/],
  ['lengths', () => similarity([1, 0], [1]), /2 and 1 dimensions/],
  ['NaN', () => similarity([NaN, 0], [1, 0]), /not a finite number/],
  ['infinity', () => similarity([Infinity, 0], [1, 0]), /not a finite number/],
  ['text among numbers', () => similarity([1, 'x'] as never, [1, 2]), /not a finite number/],
  ['infinity', () => similarity(Float32Array.of(Infinity), Float32Array.of(1)), /not a finite number/],
  ['no embeddings of several vectors', () => maxSim({} as MultiVector, {} as MultiVector), /several vectors/],
  ['NaN of float32', () => similarity(Float32Array.of(NaN), Float32Array.of(1)), /not a finite number/],
])('%s: refused, never NaN', (_, call, message) => expect(refusal(call)).toMatch(message));
