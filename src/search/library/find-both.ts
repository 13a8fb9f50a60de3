/**
 * @file Merges the results of two passes. Scores of different models are not comparable, so they are never sorted
 * together: pictures that the deep model knows are ranked by it, the rest after them by the first pass, each with its
 * own cut between pictures that stand out and the others.
 */

import type { PhotoItem, SearchHit } from '../types';
import type { Catalog } from './catalog';
import { find, limitOf, type Found, type VectorQuery } from './find';
import { slotIn } from './layers';

/** Whether the deep model has no vector for a picture, even if it never will. */
function lacks(catalog: Catalog): (item: PhotoItem) => boolean {
  const key = catalog.deep!.key;
  return ({ id }) => slotIn(catalog.picture(id)!, key) === undefined;
}

/** Those of the first pass's best `count` that the deep model does not know, best first. */
export function shortlist(
  catalog: Catalog,
  query: VectorQuery,
  count: number,
  only?: (item: PhotoItem) => boolean,
): { best: number[]; lacking: number[] } {
  const { hits } = find(catalog, query, { limit: count, only });
  const best = hits.map(({ id }) => id);
  const isLacking = lacks(catalog);
  return { best, lacking: best.filter((id) => isLacking(catalog.itemOf(catalog.picture(id)!))) };
}

/**
 * First the pictures that stand out according to the deep model, then those that stand out in the first pass and that
 * the deep model does not know; then the others in the same order. If the deep model knows them all, this is its own
 * ranking.
 * @param queries as each model embedded it
 * @param only these pictures
 */
export function findBoth(
  catalog: Catalog,
  queries: { first: VectorQuery; deep: VectorQuery },
  only: (item: PhotoItem) => boolean = () => true,
): Found {
  const limit = limitOf(queries.first);
  const deep = find(catalog, queries.deep, { pass: 'deep', limit, only });
  const all = find(catalog, queries.first, { limit, only });
  const isLacking = lacks(catalog);
  const rest = find(catalog, queries.first, { limit, only: (item) => isLacking(item) && only(item) });
  // Which pictures stand out is decided over the whole library: the best of the rest need not.
  const least = all.hits[all.relevantCount - 1]?.score ?? Infinity;
  const relevant = rest.hits.filter(({ score }) => score >= least).length;
  const [deepBest, deepOthers] = split(deep.hits, deep.relevantCount);
  const [restBest, restOthers] = split(rest.hits, relevant);
  return {
    hits: [...deepBest, ...restBest, ...deepOthers, ...restOthers].slice(0, limit),
    relevantCount: Math.min(limit, deepBest.length + restBest.length),
    weak: deepBest.length === 0 ? all.weak : deep.weak && (restBest.length === 0 || all.weak),
    candidates: deep.candidates + rest.candidates,
  };
}

function split(hits: SearchHit[], at: number): [SearchHit[], SearchHit[]] {
  return [hits.slice(0, at), hits.slice(at)];
}
