/** @file Headings of days, months and years. */
import { searchStrings } from '../../strings/search';
import type { TimeSection, TimeUnit } from './sections';

const strings = searchStrings.time;

export function titleOf({ start }: TimeSection, unit: TimeUnit): string {
  return start === null ? strings.undated : strings[unit](start);
}

export function yearOf({ start }: TimeSection): number | null {
  return start === null ? null : new Date(start).getUTCFullYear();
}
