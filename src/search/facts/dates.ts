/**
 * @file Dates as files spell them: EXIF's `2024:06:30 18:05:00` and what cameras and programs write instead, ISO
 * 8601 as in XMP, RFC 1123 as in PNG. A camera's clock has no time zone: a date is the wall clock's, in milliseconds
 * as if that clock ran in UTC, and a time zone after it is ignored.
 */

/** Earlier dates cannot be those of pictures. */
const FIRST_YEAR = 1800;

/** Blanks may stand for leading zeros. */
const DATE = /^(?<year>\d{4})(?<gap>[:/.-]) ?(?<month>\d{1,2})\k<gap> ?(?<day>\d{1,2})(?!\d)(?<rest>.*)$/s;
const COMPACT_DATE = /^(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)(?!\d)(?<rest>.*)$/s;
/** `Sat, 30 Jun 2018 18:05:00 GMT`, as PNG proposes. */
const MAIL_DATE = /^(?:[a-z]{3,9},? +)?(?<day>\d{1,2}) (?<month>[a-z]{3})[a-z]* (?<year>\d{4})(?!\d)(?<rest>.*)$/is;
/** XMP omits parts that are not known. */
const PARTIAL_DATE = /^(?<year>\d{4})(?:-(?<month>\d\d))?$/;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const TIME =
  /^[T, ]\s*(?<hour>\d{1,2})(?<gap>[:.]) ?(?<minute>\d{1,2})(?:\k<gap> ?(?<second>\d{1,2}))?(?!\d)(?<rest>.*)$/s;
const COMPACT_TIME = /^[T ](?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)?(?!\d)(?<rest>.*)$/s;
const HALF_OF_DAY = /^(?:\.\d+)?\s*(?<half>[ap])\.?m\b/i;

type Parts = Record<string, string | undefined>;

/** @returns milliseconds as if the wall clock ran in UTC; null if it is not a date */
export function wallClock(text: string): number | null {
  const value = text.trim();
  for (const form of [DATE, COMPACT_DATE, MAIL_DATE, PARTIAL_DATE]) {
    const parts: Parts | undefined = form.exec(value)?.groups;
    if (parts) return at(parts);
  }
  return null;
}

/**
 * Whether the value says that the date is unknown: it is empty, blank, or zeros, as written by cameras whose clock was
 * never set.
 */
export function isUnset(text: string): boolean {
  return /^[\s0:/.TZ-]*$/.test(text);
}

/** The same for an instant, by this device's clock. */
export function localWallClock(milliseconds: number): number {
  return milliseconds - new Date(milliseconds).getTimezoneOffset() * 60_000;
}

function at({ year, month = '1', day = '1', rest = '' }: Parts): number | null {
  const monthNumber = /\d/.test(month) ? Number(month) : MONTHS.indexOf(month.toLowerCase()) + 1;
  const time = Date.UTC(Number(year), monthNumber - 1, Number(day));
  const date = new Date(time);
  // `Date` would turn 31 February into some other day.
  const isDay = date.getUTCMonth() === monthNumber - 1 && date.getUTCDate() === Number(day);
  return isDay && Number(year) >= FIRST_YEAR ? time + timeOfDay(rest) : null;
}

/** If the time is blank or makes no sense, the beginning of the day. */
function timeOfDay(text: string): number {
  const parts: Parts | undefined = (TIME.exec(text) ?? COMPACT_TIME.exec(text))?.groups;
  if (!parts) return 0;
  const { hour, minute, second = '0', rest = '' } = parts;
  const half = HALF_OF_DAY.exec(rest)?.groups?.half?.toLowerCase();
  const hours = half ? (Number(hour) % 12) + (half === 'p' ? 12 : 0) : Number(hour);
  if (hours > 23 || Number(minute) > 59 || Number(second) > 60) return 0;
  return ((hours * 60 + Number(minute)) * 60 + Number(second)) * 1000;
}
