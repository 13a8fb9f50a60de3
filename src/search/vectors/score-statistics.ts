/** @file How a query's scores are distributed over a library. */

import type { PackedVectors } from './packed-vectors';

/** How a query's scores are distributed over a library; what {@link relevanceCut} decides by. */
export interface ScoreStatistics {
  /** Vectors. */
  size: number;
  /** Of all scores. NaN for an empty library, as the following are. */
  mean: number;
  /** Their standard deviation. */
  deviation: number;
  /** The same of what is not relevant, as far as the lower scores tell: they have no part in what stands out. */
  background: { mean: number; deviation: number };
}

/** Scores that the background is estimated from. */
const SAMPLE = 4096;
/** Where the standard normal distribution has its 10th and its 40th percentile. */
const TENTH = -1.281552;
const FORTIETH = -0.253347;

/** @param scores by row */
export function statisticsOf({ scales, size }: Pick<PackedVectors, 'scales' | 'size'>, scores: Float64Array): ScoreStatistics {
  const every = Math.ceil(size / SAMPLE);
  const sample = new Float64Array(Math.ceil(size / Math.max(1, every)));
  let seen = 0;
  let sum = 0;
  let squares = 0;
  for (let row = 0; row < scores.length; row++) {
    if (scales[row] === 0) continue;
    const score = scores[row]!;
    if (seen % every === 0) sample[seen / every] = score;
    seen++;
    sum += score;
    squares += score * score;
  }
  const mean = sum / size;
  sample.sort();
  const [low, high] = [quantile(sample, 0.1), quantile(sample, 0.4)];
  const spread = (high - low) / (FORTIETH - TENTH);
  return {
    size,
    mean,
    deviation: Math.sqrt(Math.max(0, squares / size - mean * mean)),
    background: { mean: high - FORTIETH * spread, deviation: spread },
  };
}

function quantile(sorted: Float64Array, fraction: number): number {
  const at = fraction * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted.length === 0 ? NaN : sorted[below]! + (sorted[above]! - sorted[below]!) * (at - below);
}
