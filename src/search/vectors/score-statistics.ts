/** @file How a query's scores are distributed over a library. */

import type { PackedVectors } from './packed-vectors';

/** How a query's scores are distributed over a library. {@link relevanceCut} bases its decision on this. */
export interface ScoreStatistics {
  /** Number of vectors. */
  size: number;
  /** Mean of all scores. NaN for an empty library, like the deviation. */
  mean: number;
  /** Their standard deviation. */
  deviation: number;
}

/** @param scores by row */
export function statisticsOf(
  { scales, size }: Pick<PackedVectors, 'scales' | 'size'>,
  scores: Float64Array,
): ScoreStatistics {
  let sum = 0;
  let squares = 0;
  for (let row = 0; row < scores.length; row++) {
    if (scales[row] === 0) continue;
    const score = scores[row]!;
    sum += score;
    squares += score * score;
  }
  const mean = sum / size;
  return { size, mean, deviation: Math.sqrt(Math.max(0, squares / size - mean * mean)) };
}
