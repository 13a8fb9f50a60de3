/** @file P@1 as the official evaluation computes it, and its averages. */

import { META_TASKS, type MetaTask, type MmebSet } from './sets';

/**
 * Index of the candidate with the largest dot product; among equal ones the first, like numpy's argmax. Vectors have
 * unit length; products are summed in float64. // [dims], [candidates][dims]
 */
export function bestCandidate(query: Float32Array, candidates: readonly Float32Array[]): number {
  let best = 0;
  let bestScore = -Infinity;
  for (const [i, candidate] of candidates.entries()) {
    let score = 0;
    for (let d = 0; d < query.length; d++) score += query[d]! * candidate[d]!;
    if (score > bestScore) {
      best = i;
      bestScore = score;
    }
  }
  return best;
}

/** A dataset and its share of right answers. */
export interface ScoredSet {
  set: MmebSet;
  /** Score in per cent. */
  score: number;
}

export type AverageName = MetaTask | 'IND' | 'OOD' | 'All';

export const AVERAGE_NAMES: readonly AverageName[] = [...META_TASKS, 'IND', 'OOD', 'All'];

/** Means over the datasets of each kind, all with the same weight; null if there is none of that kind. */
export function averages(scored: readonly ScoredSet[]): Record<AverageName, number | null> {
  const mean = (name: AverageName) => {
    const of = scored.filter(({ set }) => name === 'All' || set.metaTask === name || set.split === name);
    return of.length === 0 ? null : of.reduce((sum, { score }) => sum + score, 0) / of.length;
  };
  return Object.fromEntries(AVERAGE_NAMES.map((name) => [name, mean(name)])) as Record<AverageName, number | null>;
}
