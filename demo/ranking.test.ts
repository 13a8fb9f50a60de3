import { expect, test } from 'vitest';
import { shareOfBest } from './ranking';

test('a caption’s share falls by e with each 0.02 of cosine', () => {
  expect(shareOfBest(0.9, 0.9)).toBe(1);
  expect(shareOfBest(0.88, 0.9)).toBeCloseTo(Math.exp(-1), 12);
  expect(shareOfBest(-0.1, 0.3)).toBeLessThan(1e-8);
});
