import { expect, test } from 'vitest';
import type { Phi3VConfig } from './config';
import { longRotary } from './rotary';

const count = 48;
const config = {
  headDim: 2 * count,
  ropeTheta: 10_000,
  maxPositions: 131_072,
  switchPositions: 4096,
  shortFactors: Array.from({ length: count }, (_, i) => 1 + i / 96),
  longFactors: Array.from({ length: count }, (_, i) => 1.5 + i),
} as unknown as Phi3VConfig;
const rotary = longRotary(config);
const M = 1.1902381;

test('the length of the sequence itself decides, and exactly the original context still counts as short', () => {
  expect([1, 4096, 4097, 100_000].map((length) => rotary.key(length))).toEqual(['short', 'short', 'long', 'long']);
});

test.each(['short', 'long'] as const)(
  '%s: every frequency has its own divisor, everything is multiplied by m',
  (key) => {
    const factors = key === 'short' ? config.shortFactors : config.longFactors;
    const { cos, sin, rows, columns } = rotary.sequence(20, key);
    expect([rows, columns]).toEqual([20, count]);
    for (const [p, i] of [
      [0, 0],
      [1, 0],
      [7, 5],
      [19, 47],
    ] as const) {
      const angle = p / (factors[i]! * 10_000 ** (i / count));
      expect(cos[p * count + i]).toBeCloseTo(M * Math.cos(angle), 5);
      expect(sin[p * count + i]).toBeCloseTo(M * Math.sin(angle), 5);
    }
  },
);

test('a context that was not extended is not multiplied', () => {
  const { cos } = longRotary({ ...config, maxPositions: 4096 }).sequence(1, 'short');
  expect(cos[0]).toBe(1);
});
