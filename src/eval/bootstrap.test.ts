import { describe, expect, test } from 'vitest';
import { bootstrapInterval } from './bootstrap';

const ones = (count: number, of: number) => Array.from({ length: of }, (_, i) => (i < count ? 1 : 0));

/** The limit of the percentile interval for one set of zeros and ones: quantiles of the binomial distribution. */
function binomialQuantile(of: number, share: number, tail: number): number {
  let mass = of * Math.log(1 - share); // in logarithms: 0.002 ** 500 underflows
  let sum = Math.exp(mass);
  let k = 0;
  while (sum < tail) {
    mass += Math.log(((of - k) / (k + 1)) * (share / (1 - share)));
    sum += Math.exp(mass);
    k++;
  }
  return k / of;
}

describe('the interval', () => {
  test.each([
    [130, 200],
    [12, 80],
    [499, 500],
  ])('of %i of %i is the binomial distribution’s', (count, of) => {
    const { low, high } = bootstrapInterval([ones(count, of)], { resamples: 20_000 });
    expect(Math.abs(low - binomialQuantile(of, count / of, 0.025))).toBeLessThan(1.5 / of);
    expect(Math.abs(high - binomialQuantile(of, count / of, 0.975))).toBeLessThan(1.5 / of);
  });

  test('of two sets is that of their mean, each with the same weight', () => {
    const sets = [ones(50, 100), ones(50, 1000)];
    const { low, high } = bootstrapInterval(sets, { resamples: 10_000 });
    // Standard errors of the means add up as squares; half of each counts.
    const error = Math.sqrt((0.5 * 0.5) / 100 + (0.05 * 0.95) / 1000) / 2;
    expect(low).toBeCloseTo(0.275 - 1.96 * error, 2);
    expect(high).toBeCloseTo(0.275 + 1.96 * error, 2);
  });

  test('is the same for the same seed, and differs for another', () => {
    const set = [ones(37, 90)];
    expect(bootstrapInterval(set)).toEqual(bootstrapInterval(set));
    expect(bootstrapInterval(set, { seed: 2, resamples: 99 })).not.toEqual(bootstrapInterval(set, { resamples: 99 }));
  });

  test('of constant values is a point; without values there is none', () => {
    expect(bootstrapInterval([ones(5, 5)])).toEqual({ low: 1, high: 1 });
    expect(() => bootstrapInterval([[]])).toThrow(/no queries/);
  });
});
