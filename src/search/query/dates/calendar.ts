/**
 * @file Periods of time as people name them: seasons, holidays, months, weeks. Times are wall-clock times, in
 * milliseconds as if the clock showed UTC, like those of pictures.
 */

/** From `from` on, up to but without `to`. */
export interface Stretch {
  from: number;
  to: number;
}

export const DAY = 86_400_000;

/** Months from 0, days from 1; what lies beyond a month or year goes on in the next. */
export const at = (year: number, month = 0, day = 1): number => new Date(0).setUTCFullYear(year, month, day);
export const yearOf = (time: number): number => new Date(time).getUTCFullYear();
export const monthOf = (time: number): number => new Date(time).getUTCMonth();
export const midnight = (time: number): number => Math.floor(time / DAY) * DAY;

export const yearStretch = (year: number): Stretch => ({ from: at(year), to: at(year + 1) });
export const monthStretch = (year: number, month: number): Stretch => ({
  from: at(year, month),
  to: at(year, month + 1),
});
export const days = (from: number, count: number): Stretch => ({ from, to: from + count * DAY });

/** Monday, 0:00, of the week of a time. */
export function weekOf(time: number): number {
  const day = midnight(time);
  return day - ((new Date(day).getUTCDay() + 6) % 7) * DAY;
}

export const MONTHS = [
  ...['january', 'february', 'march', 'april', 'may', 'june', 'july'],
  ...['august', 'september', 'october', 'november', 'december'],
];

/** First months, of the northern half of the earth, as meteorologists count them. */
const SEASONS: Record<string, number> = { spring: 2, summer: 5, autumn: 8, fall: 8, winter: 11 };

/** Of a year: a season or holiday. Winter begins in it. */
export const NAMED: Record<string, (year: number) => Stretch> = {
  ...Object.fromEntries(
    Object.entries(SEASONS).map(([name, month]) => [
      name,
      (year: number) => ({ from: at(year, month), to: at(year, month + 3) }),
    ]),
  ),
  christmas: (year) => ({ from: at(year, 11, 24), to: at(year, 11, 27) }),
  xmas: (year) => ({ from: at(year, 11, 24), to: at(year, 11, 27) }),
  'christmas eve': (year) => days(at(year, 11, 24), 1),
  'christmas day': (year) => days(at(year, 11, 25), 1),
  // The night between two years belongs to the one that begins.
  'new year': (year) => ({ from: at(year - 1, 11, 31), to: at(year, 0, 2) }),
  "new year's eve": (year) => days(at(year, 11, 31), 1),
  "new year's day": (year) => days(at(year), 1),
  'valentine’s day': (year) => days(at(year, 1, 14), 1),
  easter: (year) => ({ from: easterSunday(year) - 2 * DAY, to: easterSunday(year) + 2 * DAY }),
  halloween: (year) => days(at(year, 9, 31), 1),
  // The fourth Thursday of November, and the weekend behind it.
  thanksgiving: (year) => days(at(year, 10, 22 + ((11 - new Date(at(year, 10, 1)).getUTCDay()) % 7)), 4),
};

/** Of the Gregorian calendar (Meeus, Jones and Butcher). */
export function easterSunday(year: number): number {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const rest = year % 100;
  const moon =
    (19 * golden +
      century -
      Math.floor(century / 4) -
      Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3) +
      15) %
    30;
  const weekday = (32 + 2 * (century % 4) + 2 * Math.floor(rest / 4) - moon - (rest % 4)) % 7;
  const correction = Math.floor((golden + 11 * moon + 22 * weekday) / 451);
  const day = moon + weekday - 7 * correction + 114;
  return at(year, Math.floor(day / 31) - 1, (day % 31) + 1);
}
