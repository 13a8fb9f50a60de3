/**
 * @file Dates as English speakers name them, in a text: `summer 2021`, `last christmas`, `since march 2019`, `the 90s`.
 * Only unambiguous ones count: a season or holiday without a year is treated as ordinary words, because a picture may
 * show it, and so are `may` and `march` within a sentence.
 */

import { at, DAY, days, midnight, monthOf, MONTHS, monthStretch, NAMED, weekOf, yearOf, yearStretch } from './calendar';
import type { Stretch } from './calendar';

/** When pictures were taken: in one of the stretches, or on such a day of any year. */
export interface WhenTaken {
  /** Ends may be infinite. */
  stretches: readonly Stretch[];
  /** Months from 0, days from 1; without a day all of the month. */
  everyYear?: { month: number; day?: number };
}

/** A date, and where in the text it stands. */
export interface DateFound extends WhenTaken {
  start: number;
  end: number;
}

/** Nobody photographed before. */
const FIRST_YEAR = 1826;

const SHORT_MONTHS = MONTHS.map((name) => (name === 'may' ? name : `${name}|${name.slice(0, 3)}\\.?`)).join('|');
const MONTH = `(?<month>${SHORT_MONTHS}|sept\\.?)`;
const YEAR = `(?<year>1[89]\\d\\d|20\\d\\d|['’]\\d\\d)`;
const NAME = `(?<name>${Object.keys(NAMED)
  .sort((a, b) => b.length - a.length)
  .map((name) => name.replace(/['’]/, "['’]?"))
  .join('|')})`;
/** Words that belong to the date, and say nothing else. */
const IN = '(?:(?:in|on|at|from|of|during|over|around)\\s+(?:the\\s+)?)?';
const COUNT = '(?<count>\\d{1,3}|a|an|one|two|three|four|five|six|seven|eight|nine|ten|twelve)';
const NUMBERS = ['', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', '', 'twelve'];
const UNIT = '(?<unit>day|week|month|year)s?';

type Parts = Record<string, string | undefined>;
type Rule = [pattern: string, read: (parts: Parts, now: number) => WhenTaken | null];

const only = (stretch: Stretch | null): WhenTaken | null => stretch && { stretches: [stretch] };

/** Earlier ones go before. */
const RULES: Rule[] = [
  [
    `(?:(?:from|between|in)\\s+)?(?<first>1[89]\\d\\d|20\\d\\d)\\s*(?:-|–|—|to|and|until|till)\\s*(?<last>1[89]\\d\\d|20\\d\\d)`,
    ({ first, last }, now) => {
      const [from, to] = [Number(first), Number(last)];
      return isYear(from, now) && to >= from && to < from + 200 ? only({ from: at(from), to: at(to + 1) }) : null;
    },
  ],
  [
    `(?:from|between)\\s+(?<first>${SHORT_MONTHS})\\s*(?:-|–|—|to|and|until|till)\\s*(?<last>${SHORT_MONTHS})\\s+${YEAR}`,
    ({ first, last, year }, now) => {
      const [from, to, of] = [monthNumber(first!), monthNumber(last!), yearIn(year!, now)];
      return of !== null && to >= from ? only({ from: at(of, from), to: at(of, to + 1) }) : null;
    },
  ],
  [`${IN}${NAME}(?:\\s+of)?\\s+${YEAR}`, ({ name, year }, now) => named(name!, yearIn(year!, now))],
  [`${IN}${YEAR}\\s+${NAME}`, ({ name, year }, now) => named(name!, yearIn(year!, now))],
  [
    `${IN}(?<which>last|past|this)\\s+${NAME}`,
    ({ which, name }, now) => only(relative(NAMED[key(name!)]!, which!, now)),
  ],
  [
    `${IN}(?<which>last|past|this)\\s+${MONTH}`,
    ({ which, month }, now) => only(relative((year) => monthStretch(year, monthNumber(month!)), which!, now)),
  ],
  [`${IN}${MONTH},?(?:\\s+of)?\\s*${YEAR}`, ({ month, year }, now) => inMonth(monthNumber(month!), yearIn(year!, now))],
  [
    `${IN}${YEAR}-(?<number>\\d\\d)(?!-?\\d)`,
    ({ year, number }, now) => inMonth(Number(number) - 1, yearIn(year!, now)),
  ],
  [
    `${IN}(?<number>\\d{1,2})[./](?<year>1[89]\\d\\d|20\\d\\d)`,
    ({ year, number }, now) => inMonth(Number(number) - 1, yearIn(year!, now)),
  ],
  [
    `${IN}(?<which>last|past|this)\\s+(?<unit>weekend|week|month|year)`,
    ({ which, unit }, now) => only(span(unit!, which !== 'this', now)),
  ],
  [`${IN}(?:last|past)\\s+${COUNT}\\s+${UNIT}`, ({ count, unit }, now) => only(since(numberOf(count!), unit!, now))],
  [`${COUNT}\\s+${UNIT}\\s+ago`, ({ count, unit }, now) => only(ago(numberOf(count!), unit!, now))],
  [`${IN}today`, (_parts, now) => only(days(midnight(now), 1))],
  [`${IN}yesterday`, (_parts, now) => only(days(midnight(now) - DAY, 1))],
  [
    `${IN}(?<decade>1[89]\\d0|20\\d0)['’]?s`,
    ({ decade }) => only({ from: at(Number(decade)), to: at(Number(decade) + 10) }),
  ],
  [
    `(?:in\\s+)?the\\s+['’]?(?<decade>\\d0)s`,
    ({ decade }, now) => {
      const year = yearIn(`'${decade}`, now)!;
      return only({ from: at(year), to: at(year + 10) });
    },
  ],
  [
    `${IN}(?<year>1[89]\\d\\d|20\\d\\d)`,
    ({ year }, now) => (yearIn(year!, now) ? only(yearStretch(Number(year))) : null),
  ],
];

/** Words are looked at in so much of a text: nobody types more. */
export const MOST_LETTERS = 1000;

const BOUNDED = RULES.map(([pattern, read]): [RegExp, Rule[1]] => [
  new RegExp(
    `(?<![\\p{L}\\p{N}_./-])(?:(?<edge>since|after|before|until|till)\\s+)?${pattern}(?![\\p{L}\\p{N}_/-]|[.]\\d)`,
    'giu',
  ),
  read,
]);

/** A month alone: anywhere where it is nothing but a month, else where the text is nothing else, or a preposition says so. */
const LONE_MONTH = new RegExp(
  `(?<![\\p{L}\\p{N}_./-])(?<before>(?:in|during|since|every)\\s+)?(?<month>${MONTHS.join('|')})(?![\\p{L}\\p{N}_/-])`,
  'giu',
);
const MONTHS_WITH_OTHER_SENSES = new Set(['march', 'may', 'april', 'june', 'august']);

/**
 * Dates in a text, in order, without overlap.
 * @param now the wall clock's time, in milliseconds as if that clock ran in UTC
 */
export function spokenDates(text: string, now: number): DateFound[] {
  const head = text.slice(0, MOST_LETTERS);
  const found: DateFound[] = [];
  const add = (start: number, end: number, when: WhenTaken | null) => {
    if (when && !found.some((other) => start < other.end && other.start < end)) found.push({ start, end, ...when });
  };
  for (const [pattern, read] of BOUNDED) {
    for (const { index, 0: words, groups = {} } of head.matchAll(pattern)) {
      add(index, index + words.length, opened(read(groups, now), groups['edge']));
    }
  }
  for (const { index, 0: words, groups = {} } of head.matchAll(LONE_MONTH)) {
    const name = groups['month']!.toLowerCase();
    const isMonth = groups['before'] !== undefined || words.length === text.trim().length;
    if (!isMonth && MONTHS_WITH_OTHER_SENSES.has(name)) continue;
    add(index, index + words.length, { stretches: [], everyYear: { month: MONTHS.indexOf(name) } });
  }
  return found.sort((a, b) => a.start - b.start);
}

/** `since`, `before` and the like. */
export function opened(when: WhenTaken | null, edge: string | undefined): WhenTaken | null {
  if (!when || edge === undefined) return when;
  const from = Math.min(...when.stretches.map((each) => each.from));
  const to = Math.max(...when.stretches.map((each) => each.to));
  switch (edge.toLowerCase()) {
    case 'since':
      return only({ from, to: Infinity });
    case 'after':
      return only({ from: to, to: Infinity });
    case 'before':
      return only({ from: -Infinity, to: from });
    default:
      return only({ from: -Infinity, to });
  }
}

const key = (name: string) => Object.keys(NAMED).find((each) => plain(each) === plain(name))!;
const plain = (name: string) => name.toLowerCase().replace(/['’]/g, '').replace(/\s+/g, ' ');

function named(name: string, year: number | null): WhenTaken | null {
  if (year === null) return null;
  const known = key(name);
  const stretch = NAMED[known]!(year);
  // Some say winter 2021 from January on, others from December.
  return { stretches: known === 'winter' ? [{ from: at(year), to: at(year, 2) }, stretch] : [stretch] };
}

/** The last one that is over, or this year's. */
export function relative(of: (year: number) => Stretch, which: string, now: number): Stretch {
  const year = yearOf(now);
  if (which.toLowerCase() === 'this') return of(year);
  return [year + 1, year, year - 1, year - 2].map(of).find(({ to }) => to <= now)!;
}

export function span(unit: string, isLast: boolean, now: number): Stretch {
  const back = isLast ? 1 : 0;
  switch (unit.toLowerCase()) {
    case 'year':
      return yearStretch(yearOf(now) - back);
    case 'month':
      return monthStretch(yearOf(now), monthOf(now) - back);
    case 'week':
      return days(weekOf(now) - back * 7 * DAY, 7);
    default: {
      const saturday = weekOf(now) + 5 * DAY;
      // On a Sunday the last weekend is the one before.
      return days(isLast && saturday + 2 * DAY > now ? saturday - 7 * DAY : saturday, 2);
    }
  }
}

/** The whole day, week, month or year so long ago. */
export function ago(count: number, unit: string, now: number): Stretch {
  const { from } = since(count, unit, now);
  if (/^day/i.test(unit)) return days(from, 1);
  if (/^week/i.test(unit)) return days(weekOf(from), 7);
  return /^month/i.test(unit) ? monthStretch(yearOf(now), monthOf(now) - count) : yearStretch(yearOf(now) - count);
}

function since(count: number, unit: string, now: number): Stretch {
  const today = midnight(now);
  const to = today + DAY;
  if (/^day/i.test(unit)) return { from: today - count * DAY, to };
  if (/^week/i.test(unit)) return { from: today - count * 7 * DAY, to };
  const months = /^month/i.test(unit) ? count : 12 * count;
  return { from: at(yearOf(now), monthOf(now) - months, new Date(now).getUTCDate()), to };
}

function inMonth(month: number, year: number | null): WhenTaken | null {
  return year !== null && month >= 0 && month < 12 ? only(monthStretch(year, month)) : null;
}

function numberOf(count: string): number {
  const word = count.toLowerCase();
  return /^\d/.test(word) ? Number(word) : /^an?$/.test(word) ? 1 : NUMBERS.indexOf(word);
}

function monthNumber(name: string): number {
  return MONTHS.findIndex((month) => month.startsWith(name.toLowerCase().slice(0, 3)));
}

/** `2021`, `'21`; null for years without pictures. */
export function yearIn(text: string, now: number): number | null {
  if (/^\d/.test(text)) return isYear(Number(text), now) ? Number(text) : null;
  const century = Math.floor(yearOf(now) / 100) * 100;
  const year = century + Number(text.slice(1));
  return year > yearOf(now) ? year - 100 : year;
}

export function isYear(year: number, now: number): boolean {
  return year >= FIRST_YEAR && year <= yearOf(now);
}
