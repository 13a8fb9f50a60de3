/** @file Days that are spelled out (`3 May 2020`, `12/03/2020`, `last Sunday`), which `chrono-node` reads; loaded with the first such text. */

import type * as Chrono from 'chrono-node/en';
import { days, midnight, DAY } from './calendar';
import { MOST_LETTERS, type DateFound } from './spoken';

/** Whether there may be such a day in a text. */
const LIKELY =
  /\d\s*(?:st|nd|rd|th)?\s*(?:of\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d|\d[./-]\d|(?:mon|tues|wednes|thurs|fri|satur|sun)day/i;
const WEEKDAY = /^(?:last|this|on|past)\s+\w+day$/i;

/**
 * Days of the calendar in a text.
 * @param now as in `spokenDates`
 * @param dayFirst whether `12/03/2020` is in March
 */
export async function spelledDays(text: string, now: number, dayFirst: boolean): Promise<DateFound[]> {
  const head = text.slice(0, MOST_LETTERS);
  if (!LIKELY.test(head)) return [];
  const { casual, GB } = await import('chrono-node/en');
  // It reckons in the device's own zone: a clock there that shows what the wall clock shows.
  const wall = new Date(now);
  const reference = new Date(
    ...([wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate(), wall.getUTCHours()] as [
      number,
      number,
      number,
      number,
    ]),
  );
  return (dayFirst ? GB : casual).parse(head, reference).flatMap((result) => dayOf(result, head, now) ?? []);
}

function dayOf({ index, text, start, end }: Chrono.ParsedResult, whole: string, now: number): DateFound | null {
  const before = /(?:^|\s)(on|since|after|before)\s+$/i.exec(whole.slice(0, index))?.[1];
  const words = before?.toLowerCase() === 'on' ? `${before} ${text}` : text;
  const isSpelled =
    start.isCertain('day') && start.isCertain('month') && /\d/.test(text) && !/ago|now|next/i.test(text);
  if (!isSpelled && !WEEKDAY.test(words)) return null;
  const from = before ? whole.slice(0, index).toLowerCase().lastIndexOf(before.toLowerCase()) : index;
  const place = { start: from, end: index + text.length };
  const first = midnightOf(start);
  if (isSpelled && !start.isCertain('year')) {
    if (end || (before && before !== 'on')) return null;
    return { ...place, stretches: [], everyYear: { month: start.get('month')! - 1, day: start.get('day')! } };
  }
  const day = !isSpelled && first >= midnight(now) ? first - 7 * DAY : first;
  const last = end?.isCertain('day') ? midnightOf(end) : day;
  const stretch = { from: day, to: Math.max(day, last) + DAY };
  switch (before?.toLowerCase()) {
    case 'since':
      return { ...place, stretches: [{ from: stretch.from, to: Infinity }] };
    case 'after':
      return { ...place, stretches: [{ from: stretch.to, to: Infinity }] };
    case 'before':
      return { ...place, stretches: [{ from: -Infinity, to: stretch.from }] };
    default:
      return { ...place, stretches: [stretch] };
  }
}

function midnightOf(parts: Chrono.ParsedResult['start']): number {
  return days(new Date(0).setUTCFullYear(parts.get('year')!, parts.get('month')! - 1, parts.get('day')!), 1).from;
}
