import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../errors';
import { normals, randomUnit } from '../../testing/random';
import { Bitset } from './bitset';
import { FINE } from './codes';
import { PackedVectors } from './packed-vectors';
import { equalGroups, similarGroups } from './similar-groups';
import { similarPairs, type SimilarPairs } from './similar-pairs';

/** Vectors around a few directions, at any distance from them. */
function library(
  seed: number,
  { dims = 40, rows = 80, kernel }: { dims?: number; rows?: number; kernel?: 'simd' | 'js' },
) {
  const normal = normals(seed);
  const common = randomUnit(dims, normal);
  const centres = Array.from({ length: 6 }, () => randomUnit(dims, normal));
  const vectors = new PackedVectors({ dims, model: 'm', kernel });
  for (let row = 0; row < rows; row++) {
    const spread = 0.1 + 1.5 * Math.abs(normal());
    const noise = randomUnit(dims, normal);
    const sum = centres[row % 6]!.map((x, i) => x + 0.5 * common[i]! + spread * noise[i]!);
    const length = Math.hypot(...sum);
    vectors.add(sum.map((x) => x / length));
  }
  return vectors;
}

function scoreOf(vectors: PackedVectors, a: number, b: number): number {
  const [one, other] = [a, b].map((row) => vectors.codes(row, new Int16Array(vectors.dims))) as [
    Int16Array,
    Int16Array,
  ];
  const sum = one.reduce((total, code, i) => total + code * other[i]!, 0);
  return (sum * vectors.scales[a]! * vectors.scales[b]!) / FINE ** 2;
}

function naivePairs(vectors: PackedVectors, threshold: number, rows: number[]): string[] {
  const pairs: string[] = [];
  for (const a of rows) for (const b of rows) if (a < b && scoreOf(vectors, a, b) >= threshold) pairs.push(`${a} ${b}`);
  return pairs.sort();
}

const named = ({ first, second }: SimilarPairs) => Array.from(first, (a, at) => `${a} ${second[at]}`);

describe.each(['simd', 'js'] as const)('%s', (kernel) => {
  test('finds the pairs that a plain double loop finds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.constantFrom(3, 16, 40, 600),
        fc.constantFrom(-1, 0.2, 0.5, 0.8, 0.9, 0.97),
        fc.nat({ max: 50 }),
        fc.option(fc.integer({ min: 2, max: 5 })),
        async (seed, dims, threshold, rows, every) => {
          const vectors = library(seed, { dims, rows, kernel });
          for (let row = 3; row < rows; row += 11) vectors.remove(row);
          const filter = every === null ? undefined : Bitset.where(rows, (row) => row % every !== 0);
          const used = Array.from({ length: rows }, (_, row) => row).filter(
            (row) => vectors.has(row) && (filter?.has(row) ?? true),
          );
          const pairs = await similarPairs(vectors, { threshold, rows: filter });
          fc.pre(pairs.same.size === 0);
          expect(named(pairs).sort()).toEqual(naivePairs(vectors, threshold, used));
          expect(pairs.threshold).toBe(threshold);
          pairs.scores.forEach((score, at) => {
            expect(score).toBe(Math.fround(scoreOf(vectors, pairs.first[at]!, pairs.second[at]!)));
            if (at > 0) expect(score).toBeLessThanOrEqual(pairs.scores[at - 1]! + 1e-7);
          });
        },
      ),
      { numRuns: 40 },
    );
  });
});

test('blocks and rows far apart are compared too', async () => {
  const vectors = library(5, { rows: 1500, dims: 24 });
  const rows = Bitset.where(1500, (row) => row % 100 === 7 || row > 1400);
  const pairs = await similarPairs(vectors, { threshold: 0.8, rows });
  expect(named(pairs).sort()).toEqual(naivePairs(vectors, 0.8, [...rows]));
  expect(pairs.scores.length).toBeGreaterThan(50);
});

test('with too many pairs the best are kept, and from where on is said', async () => {
  const vectors = library(6, { rows: 200 });
  const pairs = await similarPairs(vectors, { threshold: 0.1, maxPairs: 500 });
  expect(pairs.scores.length).toBeLessThanOrEqual(500);
  expect(pairs.scores.length).toBeGreaterThan(200);
  expect(pairs.threshold).toBeGreaterThan(0.1);
  const rows = Array.from({ length: 200 }, (_, row) => row);
  expect(named(pairs).sort()).toEqual(naivePairs(vectors, pairs.threshold, rows));
  expect(() => similarGroups(pairs, 0.1)).toThrow(InvalidInputError);
});

test('hundreds of equal vectors are one group, and no pair', async () => {
  const vectors = library(7, { rows: 20 });
  const twin = vectors.get(4);
  for (let i = 0; i < 700; i++) vectors.add(twin);
  for (const threshold of [0.5, 0.95, 1]) {
    const pairs = await similarPairs(vectors, { threshold, maxPairs: 300 });
    expect(pairs.same.size).toBe(700);
    expect(new Set(pairs.same.values())).toEqual(new Set([4]));
    expect([...pairs.first, ...pairs.second].every((row) => row < 20)).toBe(true);
    const [largest] = similarGroups(pairs);
    expect(largest!.slice(-700)).toEqual(Array.from({ length: 700 }, (_, i) => 20 + i));
    expect(largest).toContain(4);
  }
});

test('it can be stopped, tells how far it is, and lets others work', async () => {
  const vectors = library(8, { rows: 3000, dims: 512, kernel: 'js' });
  const controller = new AbortController();
  const fractions: number[] = [];
  const onProgress = (fraction: number) => {
    fractions.push(fraction);
    if (fractions.length === 2) controller.abort(new Error('enough'));
  };
  const run = similarPairs(vectors, { threshold: 0.3, signal: controller.signal, onProgress });
  await expect(run).rejects.toThrow('enough');
  expect(fractions).toHaveLength(2);
  expect(fractions[0]).toBeGreaterThan(0);
  expect(fractions[1]).toBeGreaterThan(fractions[0]!);
  expect(fractions[1]).toBeLessThan(1);
  await expect(similarPairs(vectors, { threshold: NaN })).rejects.toThrow(InvalidInputError);
  await expect(similarPairs(vectors, { threshold: 0.5, rows: new Bitset(1) })).rejects.toThrow(InvalidInputError);
  await expect(similarPairs(vectors, { threshold: 0.5, maxPairs: 2 ** 22 })).rejects.toThrow(InvalidInputError);
});

/** The definition of complete linkage: while two groups are close enough, join the closest. */
function naiveGroups(score: (a: number, b: number) => number, rows: number, threshold: number): number[][] {
  const groups = Array.from({ length: rows }, (_, row) => [row]);
  const between = (a: number[], b: number[]) => Math.min(...a.flatMap((x) => b.map((y) => score(x, y))));
  for (;;) {
    let best = { score: -Infinity, a: 0, b: 0 };
    for (let b = 1; b < groups.length; b++) {
      for (let a = 0; a < b; a++) {
        const each = between(groups[a]!, groups[b]!);
        if (each > best.score) best = { score: each, a, b };
      }
    }
    if (!(best.score >= threshold)) break;
    groups[best.a]!.push(...groups.splice(best.b, 1)[0]!);
  }
  return groups.filter((group) => group.length > 1).map((group) => group.sort((a, b) => a - b));
}

test('groups are those of complete linkage', () => {
  const scores = fc.integer({ min: 0, max: 14 }).chain((rows) =>
    fc.record({
      rows: fc.constant(rows),
      // Distinct, so that there is one right answer.
      order: fc.shuffledSubarray(
        Array.from({ length: (rows * (rows - 1)) / 2 }, (_, i) => i),
        {
          minLength: (rows * (rows - 1)) / 2,
        },
      ),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  );
  fc.assert(
    fc.property(scores, ({ rows, order, share }) => {
      const value = (a: number, b: number) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        return Math.fround(1 - order[(high * (high - 1)) / 2 + low]! / (order.length + 1));
      };
      const pairs: [number, number][] = [];
      for (let b = 0; b < rows; b++) for (let a = 0; a < b; a++) pairs.push([a, b]);
      pairs.sort(([a, b], [c, d]) => value(c, d) - value(a, b));
      const groups = similarGroups(
        {
          first: Uint32Array.from(pairs, ([a]) => a),
          second: Uint32Array.from(pairs, ([, b]) => b),
          scores: Float32Array.from(pairs, ([a, b]) => value(a, b)),
          threshold: 0,
          same: new Map(),
        },
        share,
      );
      const bySize = (a: number[], b: number[]) => b.length - a.length || a[0]! - b[0]!;
      expect(groups).toEqual(naiveGroups(value, rows, share).sort(bySize));
    }),
    { numRuns: 500 },
  );
});

test('a chain of small steps is not a group', () => {
  // Four rows, each similar to the next only.
  const first = Uint32Array.of(0, 1, 2);
  const second = Uint32Array.of(1, 2, 3);
  const groups = similarGroups({
    first,
    second,
    scores: Float32Array.of(0.99, 0.98, 0.97),
    threshold: 0.9,
    same: new Map(),
  });
  expect(groups).toEqual([
    [0, 1],
    [2, 3],
  ]);
});

test('files with one hash are a group', () => {
  expect(equalGroups(['a', 'b', null, 'b', 'c', 'b', 'a', undefined, null])).toEqual([
    [1, 3, 5],
    [0, 6],
  ]);
});
