/**
 * @file Percentile bootstrap intervals (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13) of a
 * mean over sets: queries are resampled within each set, and every set keeps its weight. Differences of two runs are
 * taken by query beforehand, so that what both find hard or easy cancels out. Seeded: the same numbers give the same
 * interval.
 */

import { uniforms } from '../bundle/random';
import { InvalidInputError } from '../errors';

export interface BootstrapOptions {
  /** @default 2000 */
  resamples?: number;
  /** @default 0.95 */
  confidence?: number;
  /** @default 1 */
  seed?: number;
}

export interface Interval {
  low: number;
  high: number;
}

/**
 * The interval of the mean of the sets' means.
 * @param sets values of the queries of each set: 0 or 1, or differences of them // [sets][queries]
 */
export function bootstrapInterval(sets: readonly (readonly number[])[], options: BootstrapOptions = {}): Interval {
  return intervalOf(resampledMeans(sets, options), options);
}

/** Means of each set in every resample; each set is resampled independently. // [sets][resamples] */
export function resampledMeans(
  sets: readonly (readonly number[])[],
  { resamples = 2000, seed = 1 }: BootstrapOptions = {},
): Float64Array[] {
  if (sets.length === 0 || sets.some(({ length }) => length === 0)) {
    throw new InvalidInputError('No interval can be computed: a set has no queries.');
  }
  const random = uniforms(seed);
  return sets.map((values) =>
    Float64Array.from({ length: resamples }, () => {
      let drawn = 0;
      for (let i = 0; i < values.length; i++) drawn += values[Math.floor(random() * values.length)]!;
      return drawn / values.length;
    }),
  );
}

/** The interval of the mean of some sets, from their {@link resampledMeans}. */
export function intervalOf(
  means: readonly Float64Array[],
  { confidence = 0.95 }: Pick<BootstrapOptions, 'confidence'> = {},
): Interval {
  const of = means[0]!.map((_, i) => means.reduce((sum, set) => sum + set[i]!, 0) / means.length).sort();
  const tail = (1 - confidence) / 2;
  return { low: quantile(of, tail), high: quantile(of, 1 - tail) };
}

/** Interpolates between neighbours, like numpy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return below + (above - below) * (at - Math.floor(at));
}
