/**
 * @file Searches for a typed query by words and by the model, in one list. The order: first pictures that someone gave
 * that name (file name, keyword, title, caption, place); then those that stand out according to the model; then those
 * in a folder, or from a camera, of that name; then the others. Each group is sorted by the model's score or, without a
 * model, by how well the name matches, then newest first. Dates and places that were recognised filter all of them. If
 * even the model's best may be chance, only pictures found by name count.
 */

import { mayNamePlace, understand } from '../query/understand';
import type { PhotoFilter, PhotoItem, Reason, SearchHit, TypedOptions } from '../types';
import type { Match, WordSearch } from '../words/match';
import type { Catalog } from './catalog';
import { limitOf, type Found, type VectorQuery } from './find';
import { rowsThrough } from './through';

/** Searches among some of the pictures with the model. */
export type Ranked = (only: (item: PhotoItem) => boolean) => Found;

/** Whether what was typed may need the gazetteer: the library has places, and the words may name one. */
export function wantsPlaces(catalog: Catalog, typed: string, { languages }: TypedOptions): boolean {
  return mayNamePlace(typed, languages) && hasPlaces(catalog);
}

export function hasPlaces(catalog: Catalog): boolean {
  return catalog.rows.some((item) => item?.place);
}

/** Includes the places where pictures of the library were taken. */
export function understandFor(
  catalog: Catalog,
  { places }: WordSearch,
  typed: string,
  options: TypedOptions & { now: number },
) {
  const photographed = (area: Parameters<NonNullable<typeof places>['whereIn']>[0]) => {
    for (const item of catalog.rows) {
      const where = item?.place && places!.whereIn(area, item.place);
      if (where) return where;
    }
    return null;
  };
  return understand(typed, { ...options, places: places && { known: places, photographed } });
}

/** @param ranked null if there is nothing to ask a model for */
export function findTyped(catalog: Catalog, query: VectorQuery, words: WordSearch, ranked: Ranked | null): Found {
  const { matches, candidates } = matchAll(catalog, query, words);
  const isFiltered = query.matching!.only.length > 0;
  const limit = limitOf(query);
  const hasNames = query.matching!.needles.length > 0;
  if (!ranked) {
    const listed = [...matches.values()].filter(({ match }) => !hasNames || match.named);
    const rank = ({ match }: Matched) => (match.named ? match.strength : 0);
    listed.sort((a, b) => rank(a) - rank(b) || b.item.taken - a.item.taken || a.item.id - b.item.id);
    const hits = listed.slice(0, limit).map(({ item, match }): SearchHit => ({
      ...{ id: item.id, score: NaN, z: NaN, pass: 'first', why: match.why },
    }));
    return { hits, relevantCount: hits.length, weak: false, candidates };
  }
  const all = ranked((item) => !isFiltered || matches.has(item.id));
  const standing = new Set(all.hits.slice(0, all.relevantCount).map(({ id }) => id));
  const named = (kind: Match['named']) => {
    const ids = new Set([...matches.values()].flatMap(({ item, match }) => (match.named === kind ? item.id : [])));
    return ids.size > 0 ? ranked(({ id }) => ids.has(id)).hits : [];
  };
  const own = named('own');
  const around = named('around');
  const isChance = all.weak && own.length + around.length > 0;
  const seen = new Set<number>();
  const fresh = (hits: readonly SearchHit[]) => hits.filter(({ id }) => !seen.has(id) && seen.add(id));
  const first = [...fresh(own), ...(isChance ? [] : fresh(all.hits.slice(0, all.relevantCount))), ...fresh(around)];
  const hits = [...first, ...fresh(all.hits)].slice(0, limit);
  const looks: Reason = { kind: 'looks', text: '' };
  const whyOf = (id: number): Reason[] => [
    ...(matches.get(id)?.match.why ?? []),
    ...(standing.has(id) && !isChance ? [looks] : []),
  ];
  return {
    hits: hits.map((hit) => ({ ...hit, why: whyOf(hit.id) })),
    relevantCount: Math.min(limit, first.length),
    weak: all.weak && !isChance,
    candidates,
  };
}

/** The filters in what was typed; undefined if there are none. */
export function passing({ matching }: VectorQuery, words: WordSearch): ((item: PhotoItem) => boolean) | undefined {
  return matching && matching.only.length > 0 ? (item) => words.match(item, matching) !== null : undefined;
}

interface Matched {
  item: PhotoItem;
  match: Match;
}

/** Pictures with that name and, if dates or places filter, all that pass the filter; by id. */
function matchAll(
  catalog: Catalog,
  {
    filter = {},
    omit,
    matching,
  }: { filter?: PhotoFilter; omit: readonly number[]; matching?: VectorQuery['matching'] },
  words: WordSearch,
): { matches: Map<number, Matched>; candidates: number } {
  const matches = new Map<number, Matched>();
  const isFiltered = matching!.only.length > 0;
  let candidates = 0;
  const items = catalog.rows;
  const omitted = new Set(omit);
  for (const row of rowsThrough(catalog, items, filter)) {
    const item = items[row]!;
    const match = omitted.has(item.id) ? null : words.match(item, matching!);
    if (!match) continue;
    candidates++;
    if (isFiltered || match.named) matches.set(item.id, { item, match });
  }
  return { matches, candidates };
}
