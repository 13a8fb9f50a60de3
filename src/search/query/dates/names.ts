/** @file What a language calls months and weekdays, and what it says for `yesterday` and `3 years ago`, from `Intl`. */

import { PLAIN } from './languages';

/** Patterns of regular expressions, without groups that count. */
export interface DateNames {
  /** By month. */
  months: { long: string; short: string }[];
  weekdays: string;
  /** Phrases for a whole day, week, month or year, and how many of them ago that is. */
  phrases: { words: string; unit: Unit; ago: number }[];
  /** With `#` where the number stands. */
  agos: { words: string; unit: Unit }[];
}

type Unit = 'day' | 'week' | 'month' | 'year';

/**
 * Short months that are also frequent words (`a night out 2021`, `tea set 2021`, `2 years ago 2021`): they count only
 * behind a day, or with a dot.
 */
const ALSO_WORDS = new Set(['set', 'out', 'ago', 'lis', 'sie', 'gen', 'dic', 'eki']);
/** Numbers that differ in how the word after them is written, in Slavic and Baltic languages. */
const COUNTS = [1, 2, 3, 5, 21];

export function dateNames(language: string): DateNames {
  const of = (form: Intl.DateTimeFormatOptions) => {
    const formatter = new Intl.DateTimeFormat(language, { ...form, ...PLAIN });
    return (time: number, type: 'month' | 'weekday') =>
      formatter.formatToParts(time).find((part) => part.type === type)?.value ?? '';
  };
  // Some languages inflect the name beside a day.
  const long = [
    of({ month: 'long' }),
    of({ month: 'long', day: 'numeric' }),
    of({ month: 'long', year: 'numeric' }),
    of({ month: 'long', day: 'numeric', year: 'numeric' }),
  ];
  // Not with a year: V8 of Node 20 ends the process over that in Scottish Gaelic.
  const short = [of({ month: 'short' }), of({ month: 'short', day: 'numeric' })];
  const weekdays = [of({ weekday: 'long' }), of({ weekday: 'short' })];
  const week = Array.from({ length: 7 }, (_, day) =>
    weekdays.map((part) => part(Date.UTC(2021, 0, day + 1), 'weekday')),
  );
  return {
    months: Array.from({ length: 12 }, (_, month) => {
      const named = (forms: typeof long) =>
        forms
          .map((part) => part(Date.UTC(2021, month, 3), 'month').replace(/\.$/, ''))
          .filter((name) => /\p{L}/u.test(name));
      return monthNames(named(long), named(short));
    }),
    weekdays: alternatives(week.flat()),
    ...relatives(language),
  };
}

function monthNames(long: readonly string[], short: readonly string[]): { long: string; short: string } {
  const dotted = short.filter((name) => ALSO_WORDS.has(name.toLowerCase()));
  return {
    long: alternatives(long),
    short: [
      alternatives(
        short.filter((name) => !dotted.includes(name)),
        '\\.?',
      ),
      alternatives(dotted, '\\.'),
    ]
      .filter(Boolean)
      .join('|'),
  };
}

function relatives(language: string): Pick<DateNames, 'phrases' | 'agos'> {
  const named = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const counted = new Intl.RelativeTimeFormat(language, { numeric: 'always' });
  const phrases: DateNames['phrases'] = [];
  const agos: DateNames['agos'] = [];
  for (const unit of ['day', 'week', 'month', 'year'] as const) {
    for (const ago of [0, 1, 2]) {
      const phrase = named.format(-ago, unit);
      if (!/\p{N}/u.test(phrase)) phrases.push({ words: patternOf(phrase), unit, ago });
    }
    for (const count of COUNTS) {
      const parts = counted.formatToParts(-count, unit);
      if (!parts.some(({ type }) => type === 'integer')) continue;
      agos.push({
        words: parts.map(({ type, value }) => (type === 'integer' ? '#' : patternOf(value))).join(''),
        unit,
      });
    }
  }
  return { phrases, agos: agos.filter(({ words }, at) => agos.findIndex((other) => other.words === words) === at) };
}

/** The longest first. */
export function alternatives(names: readonly string[], end = ''): string {
  const sorted = [...new Set(names.map((name) => name.trim()).filter(Boolean))].sort((a, b) => b.length - a.length);
  return sorted.map((name) => patternOf(name) + end).join('|');
}

const DIGRAPHS: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'o|oe', æ: 'ae', ł: 'l', ß: 'ss' };

/** Letters with accents may be typed without them, and spaces may be several. */
export function patternOf(text: string): string {
  return Array.from(text.normalize('NFC'), (letter) => {
    if (/\s/u.test(letter)) return '\\s*';
    if (/['’]/.test(letter)) return "['’]";
    if (!/\p{Script=Latin}/u.test(letter)) return letter.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    const bare = letter.normalize('NFKD').replace(/\p{M}/gu, '');
    const others = [letter, bare, DIGRAPHS[letter.toLowerCase()]].filter((each) => each !== undefined);
    const spellings = [...new Set(others)];
    return spellings.length === 1 ? letter : `(?:${spellings.join('|')})`;
  }).join('');
}
