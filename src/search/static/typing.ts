/** @file Handles what is typed into a search over an index on a web server. Loaded when somebody types. */

import { Places } from '../places/areas';
import { Gazetteer } from '../places/gazetteer';
import { readPlaces } from '../library/read-places';
import { searchTyped, type TypedMeans } from '../library/search-typed';
import type { SearchQuery } from '../types';
import { WordSearch } from '../words/match';
import { loadFor, type Contents } from './contents';
import type { StaticIndexOptions } from './types';

export class Typing {
  readonly #words = new WordSearch();
  readonly #given: StaticIndexOptions['places'];
  #places: Promise<void> | null = null;

  constructor(places: StaticIndexOptions['places']) {
    this.#given = places;
  }

  /** @throws as `searchTyped`; without names of places where they cannot be had */
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

  /** Once; anew where it failed. */
  #readPlaces(): Promise<void> {
    this.#places ??= readPlaces(this.#given)
      .then(async (bytes) => {
        if (bytes) this.#words.places = new Places(await Gazetteer.read(bytes));
      })
      .catch((error: unknown) => {
        this.#places = null;
        throw error;
      });
    return this.#places;
  }
}
