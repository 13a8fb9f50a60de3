/** @file Handles text typed into a search over an index on a web server. Loaded when somebody types. */

import { placesReader } from '../library/place-names';
import { readPlaces } from '../library/read-places';
import { searchTyped, type TypedMeans } from '../library/search-typed';
import type { SearchQuery } from '../types';
import { WordSearch } from '../words/match';
import { loadFor, type Contents } from './contents';
import type { StaticIndexOptions } from './types';

export class Typing {
  readonly #words = new WordSearch();
  readonly #readPlaces: () => Promise<void>;

  constructor(places: StaticIndexOptions['places']) {
    this.#readPlaces = placesReader(this.#words, () => readPlaces(places));
  }

  /** @throws as `searchTyped`; without names of places if they are not available */
  search(
    query: SearchQuery,
    contents: Contents,
    { embed, signal }: Pick<TypedMeans, 'embed'> & { signal: AbortSignal },
  ) {
    return searchTyped(query, {
      ...{ catalog: contents.catalog, words: this.#words, embed },
      readPlaces: () => this.#readPlaces().catch(() => undefined),
      prepare: (asked, only) => loadFor(contents, asked, { only, signal }),
    });
  }
}
