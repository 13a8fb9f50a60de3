/**
 * @file Public types for what a person types into the search box: how it was understood, and why a picture was found.
 * Plain data.
 */

import type { ParsedQuery } from '../query/parse-query';
import type { AreaBox } from './where';

/** Options for `SearchQuery.typed`. */
export interface TypedOptions {
  /**
   * The local wall-clock time, in milliseconds as if that clock showed UTC. Words such as `yesterday` refer to it.
   * @default this device's
   */
  now?: number;
  /** Whether dates are written day first, so that `12/03/2020` is in March. @default as in the first of `languages` */
  dayFirst?: boolean;
  /**
   * Languages that dates, and prepositions of places, may be typed in, besides English (BCP 47), the preferred one first. @default the browser's; in
   * Node that of the environment
   */
  languages?: readonly string[];
  /** Dates and places, as given in {@link Recognised.text}, that should be treated as ordinary words. */
  asWords?: readonly string[];
}

/** A part of the typed query that is a date or a place and therefore acts as a filter. */
export interface Recognised {
  /** What kind of filter it is. */
  kind: 'date' | 'place';
  /** The text as typed, including words such as `in` or `since`: `in Rome`. */
  text: string;
  /** What it was understood as: `Rome, Italy`; for dates, the first and last day: `2021-06-01 – 2021-08-31`. */
  meaning: string;
  /** For a place: a box around it, to show on a map. */
  box?: AreaBox;
}

/** How a typed query was understood. */
export interface Understood {
  /** What the model is given: the query without dates and places. */
  parsed: ParsedQuery;
  /** The filters. Pictures meet all of them, or contain the words themselves in their names. */
  recognised: readonly Recognised[];
}

/** Why a picture was found. */
export interface Reason {
  /**
   * `name`, `keyword`, `caption` (and titles), `folder`, `camera`: the words occur there; `date`, `place`: it was taken
   * then or there; `looks`: the model rates it as similar to the query, and it stands out.
   */
  kind: 'name' | 'keyword' | 'caption' | 'folder' | 'camera' | 'date' | 'place' | 'looks';
  /** The words, or the name of the place; untrusted. Empty for `looks`. */
  text: string;
}
