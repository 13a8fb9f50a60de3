/**
 * @file Pictures in order of time, cut into days, months or years. A picture whose file says no date is in none of them: the
 * time of its file would put it where it does not belong.
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
/** More headings than that tell nobody anything. */
const MOST = 400;
/** With fewer pictures under a heading, on the average, headings would take more room than pictures. */
const LEAST = 6;

/** @param dates of `ids` */
export function timeline(ids: Uint32Array, { taken, dated }: PhotoDates, order: TimeOrder): Timeline {
  const sign = order === 'newest' ? -1 : 1;
  const inOrder = (indexes: number[]) => indexes.sort((a, b) => sign * (taken[a]! - taken[b]!));
  const known: number[] = [];
  const unknown: number[] = [];
  for (let i = 0; i < ids.length; i++) (dated[i] === 1 ? known : unknown).push(i);
  inOrder(known);
  // What is gone by now has no time at all, and stays where it was.
  inOrder(unknown);
  const times = known.map((i) => taken[i]!);
  const cuts = UNITS.map((unit) => cut(times, unit));
  const best = cuts.findIndex(({ length }) => length <= MOST && times.length >= LEAST * length);
  const at = best < 0 ? UNITS.length - 1 : best;
  const sections = cuts[at]!;
  if (unknown.length > 0) sections.push({ count: unknown.length, start: null });
  return { ids: Uint32Array.from([...known, ...unknown], (i) => ids[i]!), unit: UNITS[at]!, sections };
}

/** @param times in order */
function cut(times: readonly number[], unit: TimeUnit): TimeSection[] {
  const sections: TimeSection[] = [];
  let [start, end] = [0, 0];
  for (const time of times) {
    if (sections.length > 0 && time >= start && time < end) {
      sections.at(-1)!.count++;
      continue;
    }
    [start, end] = spanOf(time, unit);
    sections.push({ count: 1, start });
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
