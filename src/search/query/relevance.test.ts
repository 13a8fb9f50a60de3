import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normals } from '../../testing/random';
import { statisticsOf } from '../vectors/score-statistics';
import { relevanceCut, zScore } from './relevance';

/** Scores of a library: `relevant` ones around `at`, the rest around 0.3, normally distributed. */
function library(size: number, relevant: number, at: number, seed: number) {
  const normal = normals(seed);
  const scores = Array.from({ length: size }, (_, i) => (i < relevant ? at + 0.01 * normal() : 0.3 + 0.05 * normal()));
  const statistics = ofAll(scores);
  return { scores: scores.sort((a, b) => b - a).slice(0, 200), statistics };
}

function ofAll(scores: number[]) {
  return statisticsOf(
    { scales: new Float32Array(scores.length).fill(1), size: scores.length },
    Float64Array.from(scores),
  );
}

describe('where some pictures stand clear of the rest', () => {
  test.each([
    [300, 1],
    [300, 5],
    [4000, 12],
    [4000, 80],
    [20_000, 3],
    [20_000, 150],
  ])('of %i pictures the %i are found', (size, relevant) => {
    for (let seed = 1; seed <= 20; seed++) {
      const { scores, statistics } = library(size, relevant, 0.65, seed);
      expect(relevanceCut(scores, statistics)).toEqual({ count: relevant, weak: false });
    }
  });

  test('all of them, where more are relevant than are shown', () => {
    const { scores, statistics } = library(4000, 400, 0.65, 1);
    expect(relevanceCut(scores, statistics)).toEqual({ count: 200, weak: false });
  });
});

test('where nothing stands out it says so, and keeps few', () => {
  let weak = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const { scores, statistics } = library(2000, 0, 0, seed);
    const cut = relevanceCut(scores, statistics);
    expect(cut.count).toBeLessThan(40);
    if (cut.weak) weak++;
    expect(zScore(scores[0]!, statistics)).toBeLessThan(6);
  }
  // A hint only: mostly chance puts the best further out, or a gap behind it.
  expect(weak).toBeGreaterThan(0);
  // Bounded scores, as of pictures that are all equally far: clearly below chance.
  const flat = Array.from({ length: 1000 }, (_, i) => 0.4 - i * 1e-4);
  expect(relevanceCut(flat.slice(0, 200), ofAll(flat)).weak).toBe(true);
});

test('the query itself in the library does not hide what is like it', () => {
  const { scores, statistics } = library(4000, 8, 0.7, 3);
  expect(relevanceCut([1, 0.9999, ...scores], statistics)).toEqual({ count: 10, weak: false });
});

test('only that: nothing else can be told', () => {
  expect(relevanceCut([], ofAll([]))).toEqual({ count: 0, weak: false });
  expect(relevanceCut([0.5], ofAll([0.5]))).toEqual({ count: 1, weak: false });
  expect(relevanceCut([1, 1], ofAll([1, 1]))).toEqual({ count: 2, weak: false });
});

test('whatever the scores: between one and all, the same for scores moved or stretched', () => {
  const falling = fc
    .array(fc.double({ min: -0.9, max: 0.4, noNaN: true }), { minLength: 1, maxLength: 60 })
    .map((scores) => scores.map((score) => Math.fround(score)).sort((a, b) => b - a));
  const means = fc.integer({ min: -512, max: 205 }).map((n) => n / 1024);
  fc.assert(
    fc.property(falling, means, (scores, mean) => {
      const statistics = { size: 1000, mean, deviation: 0.1 };
      const cut = relevanceCut(scores, statistics);
      expect(cut.count).toBeGreaterThanOrEqual(1);
      expect(cut.count).toBeLessThanOrEqual(scores.length);
      // Halving rounds nothing here: no number is near the smallest that a double can hold.
      const half = scores.map((score) => score / 2);
      expect(relevanceCut(half, { size: 1000, mean: mean / 2, deviation: 0.05 })).toEqual(cut);
      // Equal scores fall on one side.
      if (cut.count < scores.length && !cut.weak) expect(scores[cut.count]).toBeLessThan(scores[cut.count - 1]!);
    }),
  );
});
