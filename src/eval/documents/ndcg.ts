/** @file NDCG@5 with linear gains, as MMEB-V2 scores visual documents: `ndcg_at_k` of `src/utils/eval_utils/metrics.py`. */

export const CUT = 5;

/**
 * Computes the discounted gains of the best pages, divided by those of the best possible order.
 * @param found grades of the pages in the order of their scores, 0 for those that are not relevant
 * @param relevant grades of all relevant pages, in any order; at least one above 0
 */
export function ndcg(found: readonly number[], relevant: readonly number[], cut = CUT): number {
  const ideal = [...relevant].sort((a, b) => b - a);
  return gain(found.slice(0, cut)) / gain(ideal.slice(0, cut));
}

/** The sum of the grades, each divided by the binary logarithm of its rank plus one. */
const gain = (grades: readonly number[]): number =>
  grades.reduce((sum, grade, rank) => sum + grade / Math.log2(rank + 2), 0);

/** Dot products in float64. // [dims], [pages][dims] → [pages] */
export function scoresOf(query: Float32Array, pages: readonly Float32Array[]): Float64Array {
  return Float64Array.from(pages, (page) => {
    let score = 0;
    for (let d = 0; d < query.length; d++) score += query[d]! * page[d]!;
    return score;
  });
}

/** Indices of the best pages, best first; among equal ones, the earlier first. // [pages] → [at most `most`] */
export function bestPages(scores: Float64Array, most = CUT): number[] {
  const best: number[] = [];
  for (let page = 0; page < scores.length; page++) {
    let at = best.length;
    while (at > 0 && scores[best[at - 1]!]! < scores[page]!) at--;
    if (at >= most) continue;
    best.splice(at, 0, page);
    if (best.length > most) best.pop();
  }
  return best;
}

/** The rank of a page among all pages, from 1. */
export function rankOf(page: number, scores: Float64Array): number {
  const own = scores[page]!;
  return (
    1 + scores.reduce((above, score, other) => above + (score > own || (score === own && other < page) ? 1 : 0), 0)
  );
}
