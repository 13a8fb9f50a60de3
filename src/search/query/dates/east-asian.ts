/**
 * @file Dates as they are written in Chinese, Japanese and Korean, in a text: `2021年5月3日`, `2021年の夏`, `2021년 5월`.
 * They are clear whatever a person's language is, and need no space around them.
 */

import { at, days, monthStretch, NAMED, yearStretch } from './calendar';
import { isYear, opened, type DateFound, type WhenTaken } from './spoken';

const SEASONS: Record<string, string> = {
  ...{ 春: 'spring', 夏: 'summer', 秋: 'autumn', 冬: 'winter' },
  ...{ 봄: 'spring', 여름: 'summer', 가을: 'autumn', 겨울: 'winter' },
};
const EDGES: [edge: string, words: RegExp][] = [
  ['since', /^(?:以降|以来|以來|以后|以後|之后|之後|から|부터|이후)$/],
  ['before', /^(?:以前|之前|前|이전|전)$/],
  ['until', /^(?:まで|까지|为止|為止)$/],
];

const DATE = new RegExp(
  '(?<!\\p{N})(?:' +
    '(?<year>1[89]\\d\\d|20\\d\\d)\\s*[年년]' +
    '(?:\\s*(?:(?<month>\\d{1,2})\\s*[月월](?:\\s*(?<day>\\d{1,2})\\s*[日号號일])?|の?\\s*(?<season>[春夏秋冬]天?|봄|여름|가을|겨울)(?![休服])))?' +
    '\\s*(?<edge>以降|以来|以來|以后|以後|之后|之後|から|以前|之前|まで|为止|為止|前|부터|이후|이전|까지|전(?!\\p{L}))?' +
    '|(?<monthOnly>\\d{1,2})\\s*[月월]\\s*(?<dayOnly>\\d{1,2})\\s*[日号號일]' +
    ')(?:[にの的]|에서|에|의)?',
  'gu',
);

/** @param now as in `spokenDates` */
export function eastAsianDates(text: string, now: number): DateFound[] {
  return Array.from(text.matchAll(DATE)).flatMap(({ index: start, 0: words, groups = {} }) => {
    const edge = EDGES.find(([, pattern]) => pattern.test(groups['edge'] ?? ''))?.[0];
    const when = opened(read(groups, now), edge);
    return when ? [{ start, end: start + words.length, ...when }] : [];
  });
}

function read(groups: Record<string, string | undefined>, now: number): WhenTaken | null {
  const { year, month, day, season, monthOnly, dayOnly } = groups;
  if (year === undefined) {
    const number = Number(monthOnly) - 1;
    const isDay = isDayOf(2000, number, Number(dayOnly));
    return isDay ? { stretches: [], everyYear: { month: number, day: Number(dayOnly) } } : null;
  }
  const of = Number(year);
  if (!isYear(of, now)) return null;
  if (season !== undefined) return ofSeason(SEASONS[season.replace('天', '')]!, of);
  if (month === undefined) return { stretches: [yearStretch(of)] };
  const number = Number(month) - 1;
  if (number < 0 || number > 11) return null;
  if (day === undefined) return { stretches: [monthStretch(of, number)] };
  return isDayOf(of, number, Number(day)) ? { stretches: [days(at(of, number, Number(day)), 1)] } : null;
}

function ofSeason(season: string, year: number): WhenTaken {
  const stretch = NAMED[season]!(year);
  return { stretches: season === 'winter' ? [{ from: at(year), to: at(year, 2) }, stretch] : [stretch] };
}

function isDayOf(year: number, month: number, day: number): boolean {
  return month >= 0 && month < 12 && day > 0 && new Date(at(year, month, day)).getUTCMonth() === month;
}
