/**
 * @file How many of the best results to show as results. There is no score from which pictures are relevant: it differs
 * by query and by model. What tells them is how far they stand out of the library's other scores, next to how far the
 * best does. The rule and its numbers were chosen among others with `nano` (see "Relevance" in bench/RESULTS.md).
 */

import type { ScoreStatistics } from '../vectors';

/** Which results are worth showing. */
export interface Relevance {
  /** The first so many stand out. At least 1, where there are any. */
  count: number;
  /** Even the best hardly stand out, as where the library has nothing of the kind. A hint: it misses more than it sees. */
  weak: boolean;
}

/** Results at least so close to the best stand out with it. z is counted in deviations above the mean. */
const CLOSE = 0.9;
/** Results further from the best than this do not. In between, the widest gap decides. */
const FAR = 0.8;
/** Where there is nothing to find, the best is about where chance puts the best of so many; by how much it may exceed that. */
const CHANCE = -0.5;
/** … and no gap of so many deviations lies behind what is shown. */
const GAP = 0.2;
/** A cosine from which a picture is the query itself, and so no measure for others. */
const SAME = 0.995;
/** How many deviations a score is above the mean; 0 where all scores are equal. */
export function zScore(score: number, { mean, deviation }: Pick<ScoreStatistics, 'mean' | 'deviation'>): number {
  return deviation > 1e-9 ? (score - mean) / deviation : 0;
}

/**
 * How many of the results to show as results.
 * @param scores of the results, best first; cosines
 * @param statistics of the scores of the whole library, as `topK` gives them
 */
export function relevanceCut(scores: ArrayLike<number>, statistics: ScoreStatistics): Relevance {
  let same = 0;
  while (same < scores.length && scores[same]! >= SAME) same++;
  if (same === scores.length) return { count: same, weak: false };
  const z = (at: number) => (at < scores.length ? zScore(scores[at]!, statistics) : -Infinity);
  const count = cut(z, same, scores.length);
  const weak = same === 0 && z(0) < expectedBest(statistics.size) + CHANCE && z(count - 1) - z(count) < GAP;
  return { count, weak };
}

/** @param same how many of the first are the query itself */
function cut(z: (at: number) => number, same: number, size: number): number {
  const best = z(same);
  if (best <= 0) return Math.max(same, 1);
  let count = same + 1;
  while (z(count) >= CLOSE * best) count++;
  // The gap behind a result, next to those that the growing density of lower scores lets one expect.
  let widest = -1;
  for (let end = count; z(end - 1) >= FAR * best && end <= size; end++) {
    const next = end < size ? z(end) : z(end - 1);
    const gap = (z(end - 1) - next) * Math.sqrt(end - same);
    if (gap > widest) {
      widest = gap;
      count = end;
    }
  }
  return count;
}

/** Of the highest of `size` independent standard normal numbers, about. */
function expectedBest(size: number): number {
  if (size < 3) return 0;
  const root = Math.sqrt(2 * Math.log(size));
  return root - (Math.log(Math.log(size)) + Math.log(4 * Math.PI)) / (2 * root) + 0.5772 / root;
}
