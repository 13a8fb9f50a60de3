/**
 * @file The search box: separates a typed query into dates and places, which act as filters, and the rest, which is
 * given to the model. A date or place is recognised only if the wording is clear; whatever was recognised can be
 * undone, and pictures with the words in their names still match.
 */

import type { Area, Places, Whereabouts } from '../places/areas';
import type { Recognised, TypedOptions, Understood } from '../types';
import { needleOf } from '../words/fold';
import type { Stretch } from './dates/calendar';
import { importing } from '../../net';
import { comesDayFirst } from './dates/languages';
import { spelledDays } from './dates/days';
import { MOST_LETTERS, spokenDates, type DateFound, type WhenTaken } from './dates/spoken';
import { beforePlace } from './place-words';
import { piecesOf, type QueryPiece } from './parse-query';

/** A filter in a query. */
export type Only = Recognised & {
  /** Pictures with all of these words in their names pass too. */
  needles: readonly string[];
} & ({ kind: 'date'; when: WhenTaken } | { kind: 'place'; area: Area });

/** What to search for in names, and the filters. */
export interface Matching {
  /** All of these have to occur; empty if there are none. */
  needles: readonly string[];
  /** None of these may occur. */
  without: readonly string[];
  only: readonly Only[];
}

/** Words that are too common to identify a picture by its name. */
const LITTLE = new Set(
  'a an the in on at of with without and or by to from near for my our me us is are photo photos picture pictures image images'.split(
    ' ',
  ),
);
/** A text with more words than this is not treated as a name. */
const MOST_NEEDLES = 32;
const LONGEST_PLACE = 4;
/** Longer texts were pasted rather than typed: they are taken as plain words. */
const MOST_TYPED = 20_000;

/** Dates with these are clear in any language. */
const EAST_ASIAN = /[年月년월]/;
/** For those who type English. */
const NO_OTHERS = { foreignDates: (): DateFound[] => [], littleWords: (): ReadonlySet<string> => new Set() };

export interface UnderstandOptions extends TypedOptions {
  now: number;
  /** Null without a gazetteer, and if no picture in the library records where it was taken. */
  places?: {
    known: Places;
    /** Where in an area a picture in the library was taken; null if none was. */
    photographed(area: Area): Whereabouts | 'country' | null;
  } | null;
}

/** Whether a text may name a place, so that the gazetteer is worth loading. */
export function mayNamePlace(typed: string, languages: readonly string[] = []): boolean {
  const words = typed.slice(0, MOST_LETTERS).split(/\s+/);
  return words.some((word, at) => {
    const before = beforePlace(words, at, languages);
    return before?.isClear || (isCapital(word.slice(before?.letters ?? 0)) && (at > 0 || before !== null));
  });
}

/** Interprets a typed query. It never fails: anything that makes no sense is treated as words. */
export async function understand(
  typed: string,
  options: UnderstandOptions,
): Promise<Understood & { matching: Matching }> {
  if (typed.length > MOST_TYPED) return plainWords(typed);
  const pieces = piecesOf(typed);
  const asWords = new Set((options.asWords ?? []).map((text) => text.toLowerCase()));
  const only: Only[] = [];
  const rest: QueryPiece[] = [];
  for (const run of runsOf(pieces)) {
    if (typeof run !== 'string') {
      rest.push(run);
      continue;
    }
    const found = await recognise(run, options, asWords);
    only.push(...found.only);
    rest.push(...found.rest.map((words): QueryPiece => ({ sign: '', words, quoted: false })));
  }
  const of = (sign: QueryPiece['sign']) => rest.flatMap((piece) => (piece.sign === sign ? piece.words : []));
  return {
    parsed: { text: of('').join(' '), also: of('+'), exclude: of('-') },
    recognised: only.map(({ kind, text, meaning, box }) => ({ kind, text, meaning, ...(box && { box }) })),
    matching: {
      needles: needlesOf(rest.filter(({ sign }) => sign !== '-')),
      without: rest
        .filter(({ sign }) => sign === '-')
        .slice(0, MOST_NEEDLES)
        .flatMap(({ words }) => needleOf(words.slice(0, MOST_LETTERS)) ?? []),
      only,
    },
  };
}

function plainWords(text: string): Understood & { matching: Matching } {
  return { parsed: { text, also: [], exclude: [] }, recognised: [], matching: { needles: [], without: [], only: [] } };
}

/** Joins consecutive words without signs or quotation marks into one text; everything else stays as it is. */
function runsOf(pieces: readonly QueryPiece[]): (string | QueryPiece)[] {
  const runs: (string | QueryPiece)[] = [];
  let words: string[] = [];
  const end = () => {
    if (words.length > 0) runs.push(words.join(' '));
    words = [];
  };
  for (const piece of pieces) {
    if (piece.sign === '' && !piece.quoted) words.push(piece.words);
    else {
      end();
      runs.push(piece);
    }
  }
  end();
  return runs;
}

async function recognise(
  text: string,
  { now, languages = [], dayFirst = comesDayFirst(languages), places }: UnderstandOptions,
  asWords: ReadonlySet<string>,
) {
  const isForeign = languages.some((language) => !/^en(?:-US)?$/i.test(language)) || EAST_ASIAN.test(text);
  const { foreignDates, littleWords } = isForeign ? await importing(() => import('./dates/foreign')) : NO_OTHERS;
  const found = [foreignDates(text, languages, now), await spelledDays(text, now, dayFirst), spokenDates(text, now)];
  const dates: DateFound[] = [];
  for (const date of found.flat()) if (!dates.some((other) => overlap(other, date))) dates.push(date);
  const little = littleWords(languages);
  const spans: { start: number; end: number; only: Only }[] = dates.map((date) => ({
    ...date,
    only: dateOnly(text, date),
  }));
  for (const place of places ? placesIn(text, places, languages) : []) {
    if (!spans.some((span) => overlap(span, place))) spans.push(place);
  }
  const kept = spans.filter(({ only }) => !asWords.has(only.text.toLowerCase())).sort((a, b) => a.start - b.start);
  const rest: string[] = [];
  let at = 0;
  for (const { start, end } of [...kept, { start: text.length, end: text.length }]) {
    const words = text.slice(at, start).replace(/^[\s,;]+|[\s,;]+$/g, '');
    if (words) rest.push(words);
    at = end;
  }
  // What is left of `photos of 2021`.
  const isLittle =
    kept.length > 0 &&
    rest.every((words) =>
      words
        .toLowerCase()
        .split(/\s+/)
        .every((word) => LITTLE.has(word) || little.has(word)),
    );
  return { only: kept.map((span) => span.only), rest: isLittle ? [] : rest };
}

const overlap = (a: { start: number; end: number }, b: { start: number; end: number }) =>
  a.start < b.end && b.start < a.end;

function dateOnly(text: string, { start, end, stretches, everyYear }: DateFound): Only {
  const words = text.slice(start, end);
  const when = { stretches, ...(everyYear && { everyYear }) };
  // A folder `2021` is not before or after itself.
  const needles = isOpen(when) ? [] : needlesOf([{ words, quoted: false }]);
  return { kind: 'date', text: words, meaning: meaningOf(when), needles, when };
}

/** Whether the range has no end, as after `since`. */
export function isOpen({ stretches }: WhenTaken): boolean {
  return stretches.some(({ from, to }) => from === -Infinity || to === Infinity);
}

function meaningOf({ stretches, everyYear }: WhenTaken): string {
  if (everyYear) {
    const name = new Date(Date.UTC(2000, everyYear.month)).toLocaleString('en', { month: 'long', timeZone: 'UTC' });
    return `${everyYear.day === undefined ? name : `${name} ${everyYear.day}`} of any year`;
  }
  const day = (time: number) => (Number.isFinite(time) ? new Date(time).toISOString().slice(0, 10) : '');
  const inDays = ({ from, to }: Stretch) => {
    const [first, last] = [day(from), day(to - 1)];
    return first === last ? first : `${first} – ${last}`.trim();
  };
  return stretches.map(inDays).join(', ');
}

/** The longest names first. With a preposition, or a capital letter within the text: `turkey` and `Turkey on a plate` are birds. */
function* placesIn(
  text: string,
  { known, photographed }: NonNullable<UnderstandOptions['places']>,
  languages: readonly string[],
) {
  const words = [...text.slice(0, MOST_LETTERS).matchAll(/[^\s,;]+/g)].map((match) => ({
    word: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
  const all = words.map(({ word }) => word);
  for (let at = 0; at < words.length; at++) {
    const before = beforePlace(all, at, languages);
    if (at === 0 && !before) continue;
    const letters = before?.letters ?? 0;
    if (!before?.isClear && !isCapital(all[at]!.slice(letters))) continue;
    for (let length = Math.min(LONGEST_PLACE, words.length - at); length > 0; length--) {
      const last = words[at + length - 1]!;
      const name = text.slice(words[at]!.start + letters, last.end);
      const area = known.named(name);
      const where = area && photographed(area);
      if (!where) continue;
      const start = words[at - (before?.words ?? 0)]!.start;
      const whole = { text: text.slice(start, last.end), needles: needlesOf([{ words: name, quoted: true }]) };
      const only: Only = { kind: 'place', ...whole, ...describe(area, where, known), area };
      yield { start, end: last.end, only };
      at += length - 1;
      break;
    }
  }
}

function describe(area: Area, where: Whereabouts | 'country', known: Places) {
  const meaning = where === 'country' ? known.countryName([...area.countries][0]!) : known.nameOf(where);
  return { meaning, box: known.boxOf(area, where) };
}

function isCapital(word: string): boolean {
  return /^\p{Lu}\p{Ll}/u.test(word);
}

function needlesOf(pieces: readonly Pick<QueryPiece, 'words' | 'quoted'>[]): string[] {
  const all: string[] = [];
  for (const { words, quoted } of pieces) {
    const parts = quoted
      ? [words]
      : words.split(/\s+/, MOST_NEEDLES + 1).filter((word) => !LITTLE.has(word.toLowerCase()));
    for (const part of parts) {
      const needle = needleOf(part.slice(0, MOST_LETTERS), { whole: quoted });
      if (needle) all.push(needle);
      if (all.length > MOST_NEEDLES) return [];
    }
  }
  return [...new Set(all)];
}
