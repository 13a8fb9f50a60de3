/**
 * @file Dates in languages other than English, in a text: `März 2021`, `12 de mayo de 2019`, `été 2020`, `2021年5月`,
 * `gestern`, `12.05.2020`. Loaded for people who read such languages. As in English only unambiguous ones count: with a
 * year or a day, or behind a preposition; `mars`, `mai` and `mayo` alone are words.
 */

import { at, days, DAY, midnight, monthStretch, NAMED, yearStretch, type Stretch } from './calendar';
import { eastAsianDates } from './east-asian';
import { knownLanguages, numericOrder } from './languages';
import { alternatives, dateNames, patternOf, type DateNames } from './names';
import { ago, isYear, MOST_LETTERS, opened, relative, span, yearIn, type DateFound, type WhenTaken } from './spoken';
import { DATE_WORDS, type DateWords } from './words';

type Groups = Record<string, string | undefined>;
type Rule = [pattern: RegExp, read: (groups: Groups, now: number) => WhenTaken | null];

const YEAR = `1[89]\\d\\d|20\\d\\d|['’]\\d\\d`;
const START = '(?<![\\p{L}\\p{N}_./-])';
const END = '(?![\\p{L}\\p{N}_/-]|[.]\\d)';
const ORDINAL = '(?:\\.|º|°|er|ère|e|:e|a)?';
/** Between day, month and year in the smaller Romance languages, and in Hebrew. */
const ANY_OF = "(?:de|del|di|da|do)\\s+|d['’]|ב";
const EDGES = ['since', 'after', 'before', 'until'] as const;
const NAMES = {
  ...{ spring: 'spring', summer: 'summer', autumn: 'autumn', winter: 'winter' },
  ...{ christmas: 'christmas', easter: 'easter', newYear: 'new year' },
} as const;
type Name = keyof typeof NAMES;
/** Months that are another word in one of the languages that are typed in the same box: the planet, proverbs, a sauce, people. */
const ALSO_WORDS = new Set(['mars', 'mai', 'maj', 'mei', 'mayo', 'mart', 'avril', 'julio', 'august']);

/**
 * Dates in a text, in order, without overlap.
 * @param languages names of languages (BCP 47), the preferred one first; English is left to `spokenDates`
 * @param now as in `spokenDates`
 */
export function foreignDates(text: string, languages: readonly string[], now: number): DateFound[] {
  const head = text.slice(0, MOST_LETTERS);
  const found: DateFound[] = [];
  const add = (date: DateFound) => {
    if (!found.some((other) => date.start < other.end && other.start < date.end)) found.push(date);
  };
  eastAsianDates(head, now).forEach(add);
  knownLanguages(languages).forEach((language, rank) => {
    for (const [pattern, read] of rulesOf(language, rank === 0)) {
      for (const { index: start, 0: words, groups = {} } of head.matchAll(pattern)) {
        const edge = EDGES.find((each) => groups[each] !== undefined);
        const isAll = start === 0 && words.length === text.length;
        const when = opened(read({ ...groups, ...(isAll && { all: words }) }, now), edge);
        if (when) add({ start, end: start + words.length, ...when });
      }
    }
  });
  return found.sort((a, b) => a.start - b.start);
}

/** Words around dates in these languages that say nothing about a picture. */
export function littleWords(languages: readonly string[]): ReadonlySet<string> {
  return new Set(knownLanguages(languages).flatMap((language) => wordsOf(language)?.little.split(' ') ?? []));
}

function wordsOf(language: string): DateWords | undefined {
  const name = new Intl.Locale(language).language;
  return DATE_WORDS[name === 'no' || name === 'nn' ? 'nb' : name];
}

const cache = new Map<string, Rule[]>();

function rulesOf(language: string, isFirst: boolean): Rule[] {
  const key = `${language} ${isFirst}`;
  const rules = cache.get(key) ?? compile(language, isFirst);
  cache.set(key, rules);
  return rules;
}

function compile(language: string, isFirst: boolean): Rule[] {
  const words = wordsOf(language);
  const numeric = numericRules(language);
  if (new Intl.Locale(language).language === 'en') return numeric;
  const names = dateNames(language);
  return [
    ...(words ? rangeRules(words) : []),
    ...(words ? namedRules(words) : []),
    ...relativeRules(names, words, isFirst),
    ...monthRules(names, words),
    ...numeric,
    ...(words ? yearRules(words) : []),
  ];
}

/** @param words of prepositions that may stand before */
const rule = (body: string, words: DateWords | undefined, read: Rule[1]): Rule =>
  bounded((words ? `${prefixOf(words)}?` : '') + body, read);
const bounded = (body: string, read: Rule[1]): Rule => [new RegExp(`${START}${body}${END}`, 'giu'), read];

/** `seit`, `im`. */
function prefixOf(words: DateWords): string {
  const edges = EDGES.map((edge) => `(?<${edge}>${joined(words[edge])})`).join('|');
  const inner = `(?:${joined(words.in)}|${joined(words.of)})?`;
  return `(?:(?:${edges})${inner}|${joined(words.in)}|${joined(words.of)})`;
}

/** Words with the space after them, where there is one. */
function joined(words: string): string {
  const all = words.split('|').sort((a, b) => b.length - a.length);
  return `(?:${all.map((word) => patternOf(word) + (word.endsWith("'") ? '' : '\\s+')).join('|')})`;
}

/** `von 2018 bis 2020`. */
function rangeRules(words: DateWords): Rule[] {
  const [from, to] = [joined(words.from), joined(words.to)];
  const body = `${from}(?<first>1[89]\\d\\d|20\\d\\d)\\s+${to}(?<last>1[89]\\d\\d|20\\d\\d)`;
  const read = ({ first, last }: Groups, now: number): WhenTaken | null => {
    const [begin, end] = [Number(first), Number(last)];
    return isYear(begin, now) && end >= begin ? only({ from: at(begin), to: at(end + 1) }) : null;
  };
  return [rule(body, undefined, read)];
}

/** `Sommer 2021`, `letzten Sommer`, `l’été dernier`. */
function namedRules(words: DateWords): Rule[] {
  const each = (Object.keys(NAMES) as Name[]).map((name) => `(?<${name}>${alternatives(words[name].split('|'))})`);
  const names = `(?:${each.join('|')})`;
  const of = `(?:${joined(words.in)}|${joined(words.of)})?`;
  const [last, now] = [alternatives(words.last.split('|')), alternatives(words.this.split('|'))];
  const withYear = (groups: Groups, time: number) => {
    const year = yearIn(groups['year']!, time);
    return year === null ? null : ofYear(nameIn(groups), year);
  };
  const which = (groups: Groups, time: number) =>
    only(relative(NAMED[NAMES[nameIn(groups)]]!, groups['this'] === undefined ? 'last' : 'this', time));
  return [
    rule(`${names}\\s+${of}(?<year>${YEAR})`, words, withYear),
    rule(`(?:(?<last>${last})|(?<this>${now}))\\s*${names}`, words, which),
    rule(`${names}\\s+(?:(?<last>${last})|(?<this>${now}))`, words, which),
  ];
}

const nameIn = (groups: Groups) => (Object.keys(NAMES) as Name[]).find((name) => groups[name] !== undefined)!;

function ofYear(name: Name, year: number): WhenTaken {
  const stretch = NAMED[NAMES[name]]!(year);
  // As in English.
  return { stretches: name === 'winter' ? [{ from: at(year), to: at(year, 2) }, stretch] : [stretch] };
}

/** `gestern`, `letzte Woche`, `il y a 3 ans`. One word alone counts only in the first language: French `hier` is a word in German. */
function relativeRules({ phrases, agos }: DateNames, words: DateWords | undefined, isFirst: boolean): Rule[] {
  const isClear = (phrase: string) => /\\s/.test(phrase) || (isFirst && phrase.length > 2);
  return [
    ...agos.map(({ words: phrase, unit }): Rule => {
      const body = phrase.replace('#', '(?<count>\\d{1,3})');
      return rule(body, undefined, ({ count }, now) => only(ago(Number(count), unit, now)));
    }),
    ...phrases.flatMap(({ words: phrase, unit, ago: count }): Rule[] => {
      if (!isClear(phrase)) return [];
      return [rule(phrase, words, (_groups, now) => only(whole(unit, count, now)))];
    }),
  ];
}

function whole(unit: string, count: number, now: number): Stretch {
  if (unit === 'day') return days(midnight(now) - count * DAY, 1);
  return count < 2 ? span(unit, count === 1, now) : ago(count, unit, now);
}

/** `12. Mai 2019`, `12. Mai`, `2021. május 5.`, `März 2021`, `im März`. */
function monthRules({ months, weekdays }: DateNames, words: DateWords | undefined): Rule[] {
  const longs = months.map(({ long }) => long).filter(Boolean);
  if (longs.length < 12) return []; // dates with digits alone
  const long = `(?<month>${longs.join('|')})`;
  const any = `(?<month>${[...longs, ...months.flatMap(({ short }) => short || [])].join('|')})`;
  // Behind a day, a short name is a month also without its dot.
  const dotless = (pattern: string) => pattern.replace(/\\\.(?!\?)/g, '\\.?');
  const each = months.map(({ long: name, short }) => dotless([name, short].filter(Boolean).join('|')));
  const exact = each.map((pattern) => new RegExp(`^(?:${pattern})$`, 'iu'));
  const monthOf = (name: string) => exact.findIndex((pattern) => pattern.test(name));
  const of = `(?:${words ? joined(words.of) : ANY_OF})?`;
  const weekday = weekdays ? `(?:(?:${weekdays})\\.?,?\\s+)?` : '';
  const day = `(?<day>\\d{1,2})${ORDINAL}\\s*${of}`;
  const dated = ({ day: number, month, year }: Groups, now: number): WhenTaken | null =>
    dayIn(year === undefined ? null : yearIn(year, now), monthOf(month!), Number(number), year !== undefined);
  const inYear = ({ month, year }: Groups, now: number): WhenTaken | null => {
    const number = yearIn(year!, now);
    return number === null ? null : only(monthStretch(number, monthOf(month!)));
  };
  const alone = ({ month, all, in: before }: Groups): WhenTaken | null => {
    if (before === undefined && (all === undefined || ALSO_WORDS.has(month!.toLowerCase()))) return null;
    return { stretches: [], everyYear: { month: monthOf(month!) } };
  };
  return [
    rule(`${weekday}${day}${dotless(any)},?\\s*${of}(?<year>${YEAR})(?:\\s*(?:г|р)\\.?)?`, words, dated),
    rule(`(?<year>${YEAR})[.,]?\\s*(?:m\\.\\s*)?${long}\\s+(?<day>\\d{1,2})(?:\\.|\\s*d\\.)?`, words, dated),
    rule(`${any},?\\s+${of}(?<year>${YEAR})(?:\\s*(?:г|р)\\.?)?`, words, inYear),
    rule(`(?<year>${YEAR})[.,]?\\s+(?:m\\.\\s*)?${long}`, words, inYear),
    rule(`${weekday}${words ? `${prefixOf(words)}?` : ''}${day}${long}`, undefined, dated),
    ...(words ? [rule(`(?<in>${joined(words.in)})?${long}`, undefined, alone)] : []),
  ];
}

/** `12.05.2020`, and `2020. 05. 12.` where the year comes first. */
function numericRules(language: string): Rule[] {
  const { order, hasDots } = numericOrder(language);
  if (!hasDots) return [];
  const [first, second, third] = Array.from(order, (part) =>
    part === 'y' ? '(?<year>\\d{4}|\\d\\d)' : part === 'm' ? '(?<month>\\d{1,2})' : '(?<day>\\d{1,2})',
  );
  const body = `${first}\\.\\s?${second}\\.\\s?${third}\\.?`;
  return [
    rule(body, wordsOf(language), ({ day, month, year }, now) =>
      dayIn(yearIn(year!.length === 2 ? `'${year}` : year!, now), Number(month) - 1, Number(day), true),
    ),
  ];
}

/** A year behind a preposition, which belongs to it: `im Jahr 2019`, `depuis 2019`. */
function yearRules(words: DateWords): Rule[] {
  const read = ({ year }: Groups, now: number) => {
    const number = yearIn(year!, now);
    return number === null ? null : only(yearStretch(number));
  };
  return [bounded(`${prefixOf(words)}(?<year>1[89]\\d\\d|20\\d\\d)`, read)];
}

const only = (stretch: Stretch): WhenTaken => ({ stretches: [stretch] });

/** @param hasYear whether a year was named; null if pictures cannot be from it */
function dayIn(year: number | null, month: number, day: number, hasYear: boolean): WhenTaken | null {
  // A leap year, where none is named.
  const first = at(year ?? 2000, month, day);
  const isDay = month >= 0 && month < 12 && day > 0 && new Date(first).getUTCMonth() === month;
  if (!isDay || (hasYear && year === null)) return null;
  return hasYear ? only(days(first, 1)) : { stretches: [], everyYear: { month, day } };
}
