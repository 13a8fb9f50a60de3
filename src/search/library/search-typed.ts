/**
 * @file A typed query over an index whose rows are in memory, without a worker, in the same way as the page's search.
 */

import { InvalidInputError } from '../../errors';
import { localWallClock } from '../facts/dates';
import { ownLanguages } from '../query/dates/languages';
import type { ParsedQuery } from '../query/parse-query';
import type { Understood } from '../typed';
import type { PhotoItem, QueryPart, SearchQuery } from '../types';
import type { WordSearch } from '../words/match';
import type { Catalog } from './catalog';
import { find, type Found, type VectorQuery } from './find';
import { findTyped, understandFor, wantsPlaces, type Ranked } from './find-typed';

/** Its arguments. */
export interface TypedMeans {
  catalog: Catalog;
  words: WordSearch;
  /** Called if the words may name a place, before {@link words} is used; the names may still be missing afterwards. */
  readPlaces(): Promise<void>;
  /** Called only if something is left for a model. */
  embed(query: SearchQuery): Promise<VectorQuery>;
  /** Makes sure that all vectors are loaded that a search among some pictures needs. */
  prepare?(query: VectorQuery, only: (item: PhotoItem) => boolean): Promise<void>;
}

const NOTHING: Found = { hits: [], relevantCount: 0, weak: false, candidates: 0 };

/** @throws InvalidInputError if the query is empty; whatever `embed` and `prepare` throw */
export async function searchTyped(
  { typed = '', now, languages, dayFirst, asWords, ...given }: SearchQuery,
  { catalog, words, readPlaces, embed, prepare }: TypedMeans,
): Promise<Found & { understood: Understood }> {
  if (!words.places && wantsPlaces(catalog, typed)) await readPlaces();
  const options = {
    ...{ now: now ?? localWallClock(Date.now()), languages: languages ?? ownLanguages() },
    ...{ dayFirst, asWords },
  };
  const { matching, ...understood } = await understandFor(catalog, words, typed, options);
  const wanted = withTyped(given, understood.parsed);
  if (!asksAnything(wanted)) {
    if (matching.only.length === 0) throw new InvalidInputError('The query is empty.');
    const { filter, limit } = given;
    const query: VectorQuery = { include: [], exclude: [], omit: picturesOf(wanted), filter, limit, matching };
    return { ...findTyped(catalog, query, words, null), understood };
  }
  const query = { ...(await embed(wanted)), matching };
  if (prepare) {
    // Which pictures are ranked does not depend on their rank.
    const asked: Parameters<Ranked>[0][] = [];
    findTyped(catalog, query, words, (only) => {
      asked.push(only);
      return NOTHING;
    });
    for (const only of asked) await prepare(query, only);
  }
  return { ...findTyped(catalog, query, words, (only) => find(catalog, query, { only })), understood };
}

/** Whether anything is left for a model, or for the vector of a picture. */
export function asksAnything({ text, image, combine = [] }: SearchQuery): boolean {
  return Boolean(text) || image !== undefined || combine.length > 0;
}

/** What was typed, in addition to the rest of the query. */
export function withTyped(query: SearchQuery, { text, also, exclude }: ParsedQuery): SearchQuery {
  const words = (all: readonly string[]): QueryPart[] => all.map((each) => ({ text: each }));
  const combine = [...words(also), ...(query.combine ?? [])];
  const without = [...words(exclude), ...(query.exclude ?? [])];
  return {
    ...query,
    ...(text && { text }),
    ...(combine.length > 0 && { combine }),
    ...(without.length > 0 && { exclude: without }),
  };
}

/** Pictures of the index that are part of a query. */
export function picturesOf({ image, combine = [] }: SearchQuery): number[] {
  return [{ image }, ...combine].flatMap(({ image: each }) => (each && 'id' in each ? [each.id] : []));
}
