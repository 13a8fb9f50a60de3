/** @file From what was typed and shown to a query, for pages and the command line alike. */

import type { PhotoFilter, QueryImage, SearchQuery } from '../types';
import type { ParsedQuery } from './parse-query';

/** What a person looks for. */
export interface Wanted {
  /** Words, as typed and taken apart. */
  parsed: ParsedQuery;
  /** Pictures to look like. */
  like?: readonly QueryImage[];
  /** Pictures not to look like. */
  unlike?: readonly QueryImage[];
}

const DAY = 86_400_000;

/**
 * The words and the first picture are read together, in one pass; further pictures are added to that as vectors, and what is
 * excluded is subtracted. Null where there is nothing to look for: nothing, or exclusions alone.
 */
export function searchQuery({ parsed, like = [], unlike = [] }: Wanted): SearchQuery | null {
  const [first, ...others] = like;
  const combine = [...parsed.also.map((text) => ({ text })), ...others.map((image) => ({ image }))];
  const exclude = [...parsed.exclude.map((text) => ({ text })), ...unlike.map((image) => ({ image }))];
  if (!parsed.text && !first && combine.length === 0) return null;
  return {
    ...(parsed.text && { text: parsed.text }),
    ...(first && { image: first }),
    ...(combine.length > 0 && { combine }),
    ...(exclude.length > 0 && { exclude }),
  };
}

/** Pictures of these days, both included: `2024-05-01`. What is no whole date filters nothing. */
export function daysFilter(from: string, to: string): Pick<PhotoFilter, 'from' | 'to'> {
  const start = dayOf(from);
  const end = dayOf(to) + DAY;
  return { ...(Number.isFinite(start) && { from: start }), ...(Number.isFinite(end) && { to: end }) };
}

/** Midnight of a day, as pictures' wall clocks have it; NaN for what is no whole date. */
export function dayOf(date: string): number {
  return /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(date) : NaN;
}
