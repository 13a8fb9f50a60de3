/**
 * @file How many of the best results are worth showing. There is no fixed score above which pictures are relevant: it
 * differs by query and by model. What distinguishes relevant pictures is how far they stand out from the library's
 * other scores, compared with the best one. The rule and its numbers were chosen among several candidates with `nano`
 * (see "Relevance" in bench/RESULTS.md).
 */

import { expectArgument, isListLike, isRecord } from '../../arguments';
import type { ScoreStatistics } from '../vectors';

/** Which results are worth showing. */
export interface Relevance {
  /** How many of the first results stand out. At least 1 if there are any results. */
  count: number;
  /**
   * Even the best results hardly stand out, as when the library contains nothing of the kind. This is only a hint: it
   * misses more cases than it detects.
   */
  weak: boolean;
}

/**
 * Results whose z is at least this fraction of the best one's stand out with it. z is measured in deviations above the
 * mean.
 */
const CLOSE = 0.9;
/** Results below this fraction do not stand out. In between, the widest gap decides. */
const FAR = 0.8;
/**
 * If there is nothing to find, the best score is about as high as chance makes the best of that many; this is by how
 * much it may exceed that.
 */
const CHANCE = -0.5;
/** … and no gap of this many deviations follows the results that are shown. */
const GAP = 0.2;
/** From this cosine on, a picture is the query itself and therefore not a standard for the others. */
const SAME = 0.995;
/** How many deviations a score is above the mean; 0 where all scores are equal. */
export function zScore(score: number, { mean, deviation }: Pick<ScoreStatistics, 'mean' | 'deviation'>): number {
  return deviation > 1e-9 ? (score - mean) / deviation : 0;
}

/**
 * Tells how many of the results are worth showing.
 * @param scores cosines of the results, best first
 * @param statistics of the scores of the whole library, as `topK` gives them
 * @throws InvalidInputError for anything else
 */
export function relevanceCut(scores: ArrayLike<number>, statistics: ScoreStatistics): Relevance {
  expectArgument('relevanceCut', 'scores', scores, 'a list of numbers', isListLike(scores));
  const isStatistics = isRecord(statistics) && typeof statistics.deviation === 'number';
  expectArgument('relevanceCut', 'statistics', statistics, 'the statistics that topK returns', isStatistics);
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

/** The approximate expectation of the highest of `size` independent standard normal numbers. */
function expectedBest(size: number): number {
  if (size < 3) return 0;
  const root = Math.sqrt(2 * Math.log(size));
  return root - (Math.log(Math.log(size)) + Math.log(4 * Math.PI)) / (2 * root) + 0.5772 / root;
}
