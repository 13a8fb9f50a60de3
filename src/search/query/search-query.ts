/** @file Turns typed words and given pictures into a query, for web pages and the command line alike. */

import { expectArgument, expectString, isRecord } from '../../arguments';
import type { PhotoFilter, QueryImage, SearchQuery } from '../types';
import type { ParsedQuery } from './parse-query';

/** What a person is searching for. */
export interface Wanted {
  /** The typed words, parsed. */
  parsed: ParsedQuery;
  /** Pictures that results should resemble. */
  like?: readonly QueryImage[];
  /** Pictures that results should not resemble. */
  unlike?: readonly QueryImage[];
}

const DAY = 86_400_000;

/**
 * Builds a query. The words and the first picture are read together as one input; further pictures are added as
 * vectors, and exclusions are subtracted. Null if there is nothing to search for: an empty query, or exclusions only.
 * @throws InvalidInputError if `parsed` is not what `parseQuery` returns, or if pictures are not in lists
 */
export function searchQuery(wanted: Wanted): SearchQuery | null {
  expectArgument('searchQuery', 'wanted', wanted, 'an object', isRecord(wanted));
  const { parsed, like = [], unlike = [] } = wanted;
  const isParsed = isRecord(parsed) && Array.isArray(parsed.also) && Array.isArray(parsed.exclude);
  expectArgument('searchQuery', 'parsed', parsed, 'what parseQuery returns', isParsed);
  for (const [name, list] of Object.entries({ like, unlike })) {
    expectArgument('searchQuery', name, list, 'a list of pictures', Array.isArray(list));
  }
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

/**
 * A filter for pictures taken from one day to another, both inclusive: `2024-05-01`. Anything that is not a complete
 * date is ignored, such as the '' of an empty field.
 * @throws InvalidInputError for anything but strings
 */
export function daysFilter(from: string, to: string): Pick<PhotoFilter, 'from' | 'to'> {
  expectString('daysFilter', 'from', from);
  expectString('daysFilter', 'to', to);
  const start = dayOf(from);
  const end = dayOf(to) + DAY;
  return { ...(Number.isFinite(start) && { from: start }), ...(Number.isFinite(end) && { to: end }) };
}

/** Midnight at the beginning of a day, in the wall-clock time of the pictures; NaN if it is not a complete date. */
export function dayOf(date: string): number {
  return /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(date) : NaN;
}
