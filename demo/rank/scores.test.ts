import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byQuery, heat, order, probabilities, softmax, TEMPERATURE, winners, type Matrix } from './scores';

test('softmax with the temperature of the training', () => {
  expect(TEMPERATURE).toBe(0.02);
  const [a, b, gap] = softmax([0.5, 0.5 - TEMPERATURE * Math.log(3), null]);
  expect([a, b, gap]).toEqual([expect.closeTo(0.75, 9), expect.closeTo(0.25, 9), null]);
  expect(softmax([])).toEqual([]);
  expect(softmax([null])).toEqual([null]);
});

const cosine = fc.double({ min: -1, max: 1, noNaN: true });
const matrix = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
  .chain(([rows, columns]) =>
    fc.array(fc.array(cosine, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
  );

test('probabilities of a query add up to one, and the best has the greatest', () => {
  fc.assert(
    fc.property(matrix, fc.constantFrom('pictures' as const, 'texts' as const), (scores, queries) => {
      const shares = byQuery(probabilities(scores, queries), queries);
      const best = winners(scores, queries);
      for (const [q, row] of shares.entries()) {
        expect(row.reduce<number>((sum, share) => sum + share!, 0)).toBeCloseTo(1, 9);
        expect(row[best[q]!]).toBe(Math.max(...row.map((share) => share!)));
      }
    }),
  );
});

test('heat of cosines runs from the least to the greatest; of equal ones it is even', () => {
  const scores: Matrix = [
    [0.2, 0.4],
    [null, 0.3],
  ];
  const [[low, high], [gap, middle]] = heat(scores, 'cosine') as [[number, number], [null, number]];
  expect([low, high, gap, middle]).toEqual([0, 1, null, expect.closeTo(0.5, 9)]);
  expect(heat([[0.7]], 'cosine')).toEqual([[0.5]]);
  expect(heat([[0.7]], 'softmax')).toEqual([[0.7]]);
});

test('best first, equal ones in their order, gaps left out', () => {
  expect(order([0.1, 0.3, null, 0.3])).toEqual([1, 3, 0]);
  expect(
    winners(
      [
        [0.1, null],
        [0.2, null],
      ],
      'pictures',
    ),
  ).toEqual([1, null]);
  expect(
    winners(
      [
        [0.1, 0.4],
        [0.2, null],
      ],
      'texts',
    ),
  ).toEqual([1, 0]);
});
