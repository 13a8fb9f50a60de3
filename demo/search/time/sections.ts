/**
 * @file Pictures in order of time, cut into days, months or years. A picture without a date in its file is in none of
 * them: the time of its file would put it where it does not belong.
 */
import type { PhotoDates } from '../../../src/search';

export type TimeOrder = 'newest' | 'oldest';
export type TimeUnit = 'day' | 'month' | 'year';

/** A run of pictures of one day, month or year; or those without a date, which come last. */
export interface TimeSection {
  count: number;
  /** The start of the day, month or year, as {@link PhotoDates.taken}; null: without a date. */
  start: number | null;
}

export interface Timeline {
  /** // [pictures] */
  ids: Uint32Array;
  unit: TimeUnit;
  sections: TimeSection[];
}

const DAY = 86_400_000;
const UNITS: TimeUnit[] = ['day', 'month', 'year'];
/** More headings than this are useless. */
const MOST = 400;
/** With fewer pictures per heading, on average, headings would take more room than pictures. */
const LEAST = 6;

/**
 * While pictures are indexed this is done every few seconds, for all of them: it must stay far below a frame's time.
 * @param dates of `ids`
 */
export function timeline(ids: Uint32Array, { taken, dated }: PhotoDates, order: TimeOrder): Timeline {
  // The indexes of those with a date, then of those without one.
  const indexes = new Uint32Array(ids.length);
  let known = 0;
  for (let i = 0; i < ids.length; i++) if (dated[i] === 1) indexes[known++] = i;
  for (let i = 0, at = known; i < ids.length; i++) if (dated[i] !== 1) indexes[at++] = i;
  sortByTime(indexes.subarray(0, known), taken, order);
  // Pictures that are gone by now have no time, and stay where they were.
  sortByTime(indexes.subarray(known), taken, order);
  const times = Float64Array.from(indexes.subarray(0, known), (i) => taken[i]!);
  let unit: TimeUnit = 'year';
  let sections: TimeSection[] | null = null;
  for (unit of UNITS) {
    sections = cut(times, unit, unit === 'year' ? Infinity : Math.min(MOST, Math.floor(times.length / LEAST)));
    if (sections) break;
  }
  const all = sections!;
  if (known < ids.length) all.push({ count: ids.length - known, start: null });
  return { ids: indexes.map((i) => ids[i]!), unit, sections: all };
}

/** Usually they are already in order, or in reverse: comparing 100,000 takes a moment, sorting them takes many. */
function sortByTime(indexes: Uint32Array, taken: Float64Array, order: TimeOrder): void {
  const sign = order === 'newest' ? -1 : 1;
  const compare = (a: number, b: number) => sign * (taken[a]! - taken[b]!);
  for (let i = 1; i < indexes.length; i++)
    if (compare(indexes[i - 1]!, indexes[i]!) > 0) return void indexes.sort(compare);
}

/** @param times in order @returns null if there are more than `most` sections */
function cut(times: Float64Array, unit: TimeUnit, most: number): TimeSection[] | null {
  const sections: TimeSection[] = [];
  let [start, end] = [0, 0];
  let last: TimeSection | undefined;
  for (let i = 0; i < times.length; i++) {
    const time = times[i]!;
    if (last && time >= start && time < end) {
      last.count++;
      continue;
    }
    if (sections.length >= most) return null;
    [start, end] = spanOf(time, unit);
    sections.push((last = { count: 1, start }));
  }
  return sections;
}

/** The day, month or year that a time is in; its end is exclusive. */
function spanOf(time: number, unit: TimeUnit): [number, number] {
  if (unit === 'day') {
    const start = Math.floor(time / DAY) * DAY;
    return [start, start + DAY];
  }
  const date = new Date(time);
  const year = date.getUTCFullYear();
  if (unit === 'year') return [Date.UTC(year, 0), Date.UTC(year + 1, 0)];
  const month = date.getUTCMonth();
  return [Date.UTC(year, month), Date.UTC(year, month + 1)];
}
