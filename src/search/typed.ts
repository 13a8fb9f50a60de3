/**
 * @file What a person types into the one box, as callers see it: what was understood of it, and why a picture was found. Plain data.
 */

import type { ParsedQuery } from './query/parse-query';
import type { AreaBox } from './where';

/** Of `SearchQuery.typed`. */
export interface TypedOptions {
  /** The wall clock's time, in milliseconds as if that clock ran in UTC: what `yesterday` is. @default this device's */
  now?: number;
  /** `12/03/2020` is in March. @default false */
  dayFirst?: boolean;
  /** Dates and places, as {@link Recognised.text} has them, that are words and nothing else. */
  asWords?: readonly string[];
}

/** A part of what was typed that is a date or a place, and so a filter. */
export interface Recognised {
  /** Of what kind. */
  kind: 'date' | 'place';
  /** As typed, with `in`, `since` and the like: `in Rome`. */
  text: string;
  /** What it was taken for: `Rome, Italy`; of dates the days from and to, `2021-06-01 – 2021-08-31`. */
  meaning: string;
  /** Of a place: around it, for maps. */
  box?: AreaBox;
}

/** What was understood of what was typed. */
export interface Understood {
  /** What the model is asked: without dates and places. */
  parsed: ParsedQuery;
  /** Filters: pictures meet all of them, or have the words themselves in their names. */
  recognised: readonly Recognised[];
}

/** Why a picture was found. */
export interface Reason {
  /**
   * `name`, `keyword`, `caption` (and titles), `folder`, `camera`: the words stand there; `date`, `place`: it was taken then or there;
   * `looks`: the model finds it like what was looked for, and it stands out.
   */
  kind: 'name' | 'keyword' | 'caption' | 'folder' | 'camera' | 'date' | 'place' | 'looks';
  /** The words, or the place's name: untrusted; '' for `looks`. */
  text: string;
}
