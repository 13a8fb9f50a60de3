/** @file Typed queries in the worker: words of the library's pictures, and names of places once the gazetteer has been read. */

import { errorToWire, type WireError } from '../../remote/error-wire';
import type { Matching } from '../query/understand';
import { Turns } from '../turns';
import type { PhotoPlaceNames, Town, TownOptions, TypedOptions, Understood } from '../types';
import { WordSearch } from '../words/match';
import type { Catalog } from './catalog';
import type { Found, VectorQuery } from './find';
import { findTyped, hasPlaces, understandFor, wantsPlaces, type Ranked } from './find-typed';
import { placesReader } from './place-names';
import { placeNamesOf, townsOf } from './places';

/** The longest that a search waits for names of places; the next one may have them. */
const PLACES_PATIENCE = 5000;

export interface ServiceWordsHost {
  /** @throws InvalidInputError while the index is not open */
  catalog(): Catalog;
  /** The gazetteer's bytes; null if the page has none. */
  readPlaces(): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Ends the preparation. */
  signal: AbortSignal;
}

/** What was typed, split into its parts, with the reason if the gazetteer could not be read. */
export type WireUnderstood = Understood & { matching: Matching; placesError: WireError | null };

export class ServiceWords {
  readonly words = new WordSearch();
  readonly #host: ServiceWordsHost;
  readonly #readPlaces: () => Promise<void>;

  constructor(host: ServiceWordsHost) {
    this.#host = host;
    this.#readPlaces = placesReader(
      this.words,
      () => host.readPlaces(),
      () => this.prepare(),
    );
  }

  /** If the words may name a place, this waits for the gazetteer. */
  async understand(typed: string, options: TypedOptions & { now: number }): Promise<WireUnderstood> {
    const catalog = this.#host.catalog();
    let placesError: WireError | null = null;
    if (!this.words.places && hasPlaces(catalog)) {
      const reading = this.#readPlaces().catch((error: Error) => void (placesError = errorToWire(error)));
      if (wantsPlaces(catalog, typed, options)) await Promise.race([reading, sleep(PLACES_PATIENCE)]);
    }
    return { ...(await understandFor(catalog, this.words, typed, options)), placesError };
  }

  /** Searches by words, dates and places alone. */
  find(query: VectorQuery): Found {
    return findTyped(this.#host.catalog(), query, this.words, null);
  }

  /** Searches with the model, and for typed queries by their words too. */
  findWith(query: VectorQuery, ranked: (only?: Parameters<Ranked>[0]) => Found): Found {
    return query.matching ? findTyped(this.#host.catalog(), query, this.words, ranked) : ranked();
  }

  async placeNames(ids: Uint32Array, signal: AbortSignal): Promise<PhotoPlaceNames> {
    await this.#readPlaces();
    return placeNamesOf(this.#host.catalog(), this.words.places, ids, signal);
  }

  async towns(options: TownOptions): Promise<Town[]> {
    await this.#readPlaces();
    return townsOf(this.words.places, options);
  }

  /** Normalises names and looks up places before the first search, between other work; nobody waits for it. */
  prepare(): void {
    void this.#prepare().catch(() => undefined);
  }

  async #prepare(): Promise<void> {
    const turns = new Turns(this.#host.signal);
    for (const item of this.#host.catalog().rows) {
      if (item) this.words.prepare(item);
      if (turns.due) await turns.give();
    }
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
