/** @file P@1 and its averages by hand. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { averages, bestCandidate } from './score';
import { mmebSet, type MmebSet } from './sets';

const v = (...values: number[]) => Float32Array.from(values);

describe('bestCandidate', () => {
  test.each([
    ['the largest', v(1, 0), [v(0.5, 0), v(0.9, 0.1), v(-1, 0)], 1],
    ['the first of equal ones', v(1, 0), [v(0.3, 1), v(0.3, -1)], 0],
    ['the first of equal ones behind a smaller one', v(1, 0), [v(0.1, 0), v(0.3, 1), v(0.3, -1)], 1],
    ['the least bad one', v(1, 0), [v(-0.5, 0), v(-0.4, 0)], 1],
    ['a single one', v(1, 0), [v(-1, 0)], 0],
  ])('%s', (_, query, candidates, expected) => {
    expect(bestCandidate(query, candidates)).toBe(expected);
  });

  test('agrees with sorting by score, then by position', () => {
    const vector = fc
      .array(fc.integer({ min: -3, max: 3 }), { minLength: 2, maxLength: 2 })
      .map((values) => v(...values));
    fc.assert(
      fc.property(vector, fc.array(vector, { minLength: 1, maxLength: 9 }), (query, candidates) => {
        const scores = candidates.map((each) => each[0]! * query[0]! + each[1]! * query[1]!);
        const order = scores.map((score, i) => ({ score, i })).sort((a, b) => b.score - a.score || a.i - b.i);
        expect(bestCandidate(query, candidates)).toBe(order[0]!.i);
      }),
    );
  });
});

test('averages: every set counts the same, kinds without a set have none', () => {
  const scored = (
    [
      ['ImageNet-1K', 80],
      ['ObjectNet', 30],
      ['MSCOCO', 10],
    ] as const
  ).map(([name, score]) => ({
    set: mmebSet(name) as MmebSet,
    score,
  }));
  expect(averages(scored)).toEqual({
    ...{ Classification: 55, VQA: null, Retrieval: null, Grounding: 10 },
    ...{ IND: 45, OOD: 30, All: 40 },
  });
});
