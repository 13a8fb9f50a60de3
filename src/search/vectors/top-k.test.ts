import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../errors';
import { normals, randomUnit } from '../../testing/random';
import { Bitset } from './bitset';
import { Best } from './best';
import { FINE } from './codes';
import { PackedVectors } from './packed-vectors';
import { promisingRows, scoresOf, topK } from './top-k';

/** Numbers as they come: many of them equal, of very different size, or tiny. */
const numbers = fc.oneof(fc.double({ min: -1, max: 1, noNaN: true }), fc.constantFrom(0, 1, -1, 0.5, 100, 1e-9));
const vector = (dims: number) =>
  fc
    .array(numbers, { minLength: dims, maxLength: dims })
    .filter((values) => values.some((value) => Math.abs(value) > 1e-20));

const libraries = fc.integer({ min: 1, max: 40 }).chain((dims) =>
  fc.record({
    dims: fc.constant(dims),
    vectors: fc.array(vector(dims), { maxLength: 60 }),
    removed: fc.uniqueArray(fc.nat({ max: 59 }), { maxLength: 10 }),
    copies: fc.array(fc.nat({ max: 59 }), { maxLength: 6 }),
    query: vector(dims),
    limit: fc.nat({ max: 70 }),
    kept: fc.option(fc.array(fc.boolean(), { minLength: 70, maxLength: 70 })),
  }),
);

/** The definition: a plain loop in float64 over what is stored, everything sorted. */
function naive(vectors: PackedVectors, query: number[], limit: number, filter?: Bitset): [number, number][] {
  const all: [number, number][] = [];
  for (let row = 0; row < vectors.rows; row++) {
    if (!vectors.has(row) || (filter && !filter.has(row))) continue;
    const codes = vectors.codes(row, new Int16Array(vectors.dims));
    let sum = 0;
    for (let i = 0; i < codes.length; i++) sum += query[i]! * codes[i]!;
    all.push([row, (sum * vectors.scales[row]!) / FINE]);
  }
  return all.sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, limit);
}

describe.each(['simd', 'js'] as const)('%s', (kernel) => {
  test('no row that could be among the best is left out before its fine bytes are known, whatever they are', () => {
    const fineBytes = fc.constantFrom(-128, -127, 0, 127);
    fc.assert(
      fc.property(libraries, fc.infiniteStream(fineBytes), ({ dims, vectors, query, limit }, bytes) => {
        const packed = new PackedVectors({ dims, model: 'm', kernel });
        for (const values of vectors) packed.add(values);
        const half = new PackedVectors({ dims, model: 'm', kernel });
        for (let row = 0; row < packed.rows; row++) half.appendCoarse(packed.scales[row]!, packed.coarse(row));
        const promising = new Set(promisingRows(half, query, { limit }));
        // The fine bytes that favour the query most, for some, and any for the others.
        for (let row = 0; row < half.rows; row++) {
          const best = row % 3 === 0;
          const fine = Int8Array.from(query, (value) => (best ? (value < 0 ? -128 : 127) : bytes.next().value));
          half.setFine(row, fine);
        }
        for (const [row] of naive(half, query, limit)) expect(promising).toContain(row);
      }),
      { numRuns: 300 },
    );
  });

  test('finds what a plain loop over the stored vectors finds, to the last bit', () => {
    fc.assert(
      fc.property(libraries, ({ dims, vectors, removed, copies, query, limit, kept }) => {
        const packed = new PackedVectors({ dims, model: 'm', kernel });
        for (const values of vectors) packed.add(values);
        for (const at of copies) if (vectors[at]) packed.add(vectors[at]!);
        for (const row of removed) if (packed.has(row)) packed.remove(row);
        const filter = kept ? Bitset.where(packed.rows, (row) => kept[row]!) : undefined;
        const found = topK(packed, query, { limit, filter });
        const expected = naive(packed, query, limit, filter);
        expect([...found.rows]).toEqual(expected.map(([row]) => row));
        expect([...found.scores]).toEqual(expected.map(([, score]) => score));
        expect([...scoresOf(packed, query, found.rows)]).toEqual([...found.scores]);
        expect(found.candidates).toBe(naive(packed, query, Infinity, filter).length);
      }),
      { numRuns: 500 },
    );
  });

  test('mean and deviation are those of all scores', () => {
    fc.assert(
      fc.property(libraries, ({ dims, vectors, query, kept }) => {
        const packed = new PackedVectors({ dims, model: 'm', kernel });
        for (const values of vectors) packed.add(values);
        const filter = kept ? Bitset.where(packed.rows, (row) => kept[row]!) : undefined;
        const { size: count, mean, deviation } = topK(packed, query, { limit: 1, filter }).statistics;
        expect(count).toBe(packed.size);
        const scores = naive(packed, query, Infinity).map(([, score]) => score);
        if (scores.length === 0) {
          expect([mean, deviation]).toEqual([NaN, NaN]);
          return;
        }
        const expectedMean = scores.reduce((a, b) => a + b, 0) / scores.length;
        const expected = Math.sqrt(scores.reduce((a, b) => a + (b - expectedMean) ** 2, 0) / scores.length);
        const size = Math.hypot(...query) * Math.max(...vectors.map((values) => Math.hypot(...values)));
        expect(Math.abs(mean - expectedMean)).toBeLessThan(size * 0.01);
        expect(Math.abs(deviation - expected)).toBeLessThan(size * 0.01);
      }),
    );
  });
});

test('a row that can only just be the best is promising; one that just cannot is not', () => {
  const query = [-1, -0.5, -0.25, -0.08];
  const most = (-128 / FINE) * query.reduce((sum, value) => sum + value, 0); // what fine bytes can add
  const isPromising = (last: number) => {
    const vectors = new PackedVectors({ dims: 4, model: 'm' });
    vectors.append(1, Int8Array.of(-10, 0, 0, 0), new Int8Array(4));
    vectors.appendCoarse(1, Int8Array.of(-9, 0, 0, last));
    return promisingRows(vectors, query, { limit: 1 }).includes(1);
  };
  expect([9 + 0.08 + most, 9 + most]).toEqual([expect.closeTo(10.002, 3), expect.closeTo(9.922, 3)]);
  expect([isPromising(-1), isPromising(0)]).toEqual([true, false]);
});

test('few of a large library are computed in full', () => {
  const dims = 256;
  const packed = new PackedVectors({ dims, model: 'm' });
  const random = normals(7);
  for (let row = 0; row < 5000; row++) packed.add(randomUnit(dims, random));
  const { rows, recomputed } = topK(packed, randomUnit(dims, random), { limit: 50 });
  expect(rows).toHaveLength(50);
  expect(recomputed).toBeLessThan(250);
});

test('a library of equal vectors gives the lowest rows', () => {
  const packed = new PackedVectors({ dims: 3, model: 'm' });
  for (let row = 0; row < 100; row++) packed.add([0.1, 0.2, 0.3]);
  expect([...topK(packed, [1, 1, 1], { limit: 3 }).rows]).toEqual([0, 1, 2]);
});

test('queries and filters that do not fit are refused', () => {
  const packed = new PackedVectors({ dims: 2, model: 'm' });
  packed.add([1, 0]);
  const search = (query: number[], filter?: Bitset) => () => topK(packed, query, { limit: 1, filter });
  expect(search([1, 0, 0])).toThrow(InvalidInputError);
  expect(search([0, 0])).toThrow(InvalidInputError);
  expect(search([NaN, 0])).toThrow(InvalidInputError);
  expect(search([Infinity, 0])).toThrow(InvalidInputError);
  expect(search([1, 0], new Bitset(2))).toThrow(InvalidInputError);
  expect(() => topK(packed, [1, 0], { limit: -1 })).toThrow(InvalidInputError);
  expect(() => topK(packed, [1, 0], { limit: NaN })).toThrow(InvalidInputError);
  expect(() => scoresOf(packed, [1, 0], [1])).toThrow(InvalidInputError);
});

test('the heap keeps the best, whatever their order', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(0, 1, 2, -1, 0.5)), fc.nat({ max: 12 }), (scores, limit) => {
      const best = new Best(limit);
      scores.forEach((score, row) => best.offer(row, score));
      const expected = scores.map((score, row) => ({ score, row }));
      expected.sort((a, b) => b.score - a.score || a.row - b.row);
      const { rows, scores: kept } = best.take();
      expect([...rows]).toEqual(expected.slice(0, limit).map(({ row }) => row));
      expect([...kept]).toEqual(expected.slice(0, limit).map(({ score }) => score));
    }),
  );
});
