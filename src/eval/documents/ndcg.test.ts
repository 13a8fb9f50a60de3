/** @file NDCG@5 against numpy's, on vectors of whole numbers: products are exact, and many are equal. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bestPages, CUT, ndcg, rankOf, scoresOf } from './ndcg';

interface Expected {
  pages: number[][];
  mean: number;
  mistakes: Record<string, number>;
  queries: { vector: number[]; grades: Record<string, number>; top: number[]; ndcg: number }[];
}
const { pages, mean, mistakes, queries } = JSON.parse(
  readFileSync(new URL('../../../reference/mmeb/expected/ndcg.json', import.meta.url), 'utf8'),
) as Expected;
const vectors = pages.map((page) => Float32Array.from(page));

const of = ({ vector, grades }: Expected['queries'][number]) => {
  const scores = scoresOf(Float32Array.from(vector), vectors);
  const best = bestPages(scores);
  return {
    ...{ scores, best },
    ndcg: ndcg(
      best.map((page) => grades[page] ?? 0),
      Object.values(grades),
    ),
  };
};

test('order and NDCG@5 of every query are numpy’s, to the last bit', () => {
  expect(queries).toHaveLength(40);
  for (const query of queries) {
    const found = of(query);
    expect(found.best).toEqual(query.top);
    expect(found.ndcg).toBe(query.ndcg);
  }
  expect(queries.reduce((sum, query) => sum + of(query).ndcg, 0) / queries.length).toBeCloseTo(mean, 14);
});

test('every near mistake gives another mean', () => {
  expect(Object.keys(mistakes)).toEqual([
    'exponential gain',
    'ideal of what was found',
    'ties the other way',
    'cut at 10',
    'binary',
    'first two ranks in full',
  ]);
  for (const [name, value] of Object.entries(mistakes)) expect(Math.abs(value - mean), name).toBeGreaterThan(1e-3);
});

test('ranks agree with the order', () => {
  for (const query of queries) {
    const { scores, best } = of(query);
    expect(best.map((page) => rankOf(page, scores))).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(pages.map((_, page) => rankOf(page, scores))).size).toBe(pages.length);
  }
});

describe('by hand', () => {
  test.each<[string, number[], number[], number]>([
    ['the only one first', [1, 0, 0], [1], 1],
    ['second', [0, 1], [1], 1 / Math.log2(3)],
    ['sixth counts nothing', [0, 0, 0, 0, 0, 1], [1], 0],
    ['seven are relevant, five of them found: the ideal is cut too', [1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1], 1],
    ['grades are gains', [1, 2], [2, 1], (1 + 2 / Math.log2(3)) / (2 + 1 / Math.log2(3))],
    ['fewer pages than five', [2], [2, 1], 2 / (2 + 1 / Math.log2(3))],
  ])('%s', (_, found, relevant, expected) => {
    expect(ndcg(found, relevant)).toBe(expected);
    expect(CUT).toBe(5);
  });
});
