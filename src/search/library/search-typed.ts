/**
 * @file A typed query over an index whose rows are in memory, without a worker, in the same way as the page's search.
 */

import type { PhotoItem, SearchQuery, Understood } from '../types';
import type { WordSearch } from '../words/match';
import type { Catalog } from './catalog';
import { find, type Found, type VectorQuery } from './find';
import { findTyped, understandFor, wantsPlaces, type Ranked } from './find-typed';
import { typedQuery } from './typed-query';

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
export function searchTyped(
  query: SearchQuery,
  { catalog, words, readPlaces, embed, prepare }: TypedMeans,
): Promise<Found & { understood: Understood }> {
  return typedQuery(query, {
    understand: async (typed, options) => {
      if (!words.places && wantsPlaces(catalog, typed, options)) await readPlaces();
      const { matching, ...understood } = await understandFor(catalog, words, typed, options);
      return { matching, told: { understood } };
    },
    findWords: async (asked) => findTyped(catalog, asked, words, null),
    ask: async (wanted, matching) => {
      const asked = { ...(await embed(wanted)), matching };
      if (prepare) {
        // Which pictures are ranked does not depend on how they rank.
        const among: Parameters<Ranked>[0][] = [];
        findTyped(catalog, asked, words, (only) => {
          among.push(only);
          return NOTHING;
        });
        for (const only of among) await prepare(asked, only);
      }
      return findTyped(catalog, asked, words, (only) => find(catalog, asked, { only }));
    },
  });
}
