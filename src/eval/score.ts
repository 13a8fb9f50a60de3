/** @file P@1 as the official evaluation takes it, and its averages. */

import { META_TASKS, type MetaTask, type MmebSet } from './sets';

/**
 * Index of the candidate with the largest dot product; of equal ones the first, as numpy's argmax. Vectors are of unit
 * length, products are summed in float64. // [dims], [candidates][dims]
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

/** A set and its share of right answers. */
export interface ScoredSet {
  set: MmebSet;
  /** Per cent. */
  score: number;
}

export type AverageName = MetaTask | 'IND' | 'OOD' | 'All';

export const AVERAGE_NAMES: readonly AverageName[] = [...META_TASKS, 'IND', 'OOD', 'All'];

/** Means over the sets of each kind, every set with the same weight; null where there is none of the kind. */
export function averages(scored: readonly ScoredSet[]): Record<AverageName, number | null> {
  const mean = (name: AverageName) => {
    const of = scored.filter(({ set }) => name === 'All' || set.metaTask === name || set.split === name);
    return of.length === 0 ? null : of.reduce((sum, { score }) => sum + score, 0) / of.length;
  };
  return Object.fromEntries(AVERAGE_NAMES.map((name) => [name, mean(name)])) as Record<AverageName, number | null>;
}
