/** @file The colours of the map: by folder (a few kinds) or by date (one scale), and the legend that explains them. */

/** The meaning of one colour. */
export interface LegendEntry {
  colour: string;
  label: string;
  count: number;
}

export interface Colouring {
  /** Position in the legend of each picture's colour. // [count] */
  classes: Uint8Array;
  legend: LegendEntry[];
}

/** Distinguishable with the common kinds of colour blindness too (after Okabe and Ito), on light and on dark ground. */
const KINDS = ['#0b84a5', '#e69f00', '#009e73', '#d55e00', '#8c6bd6', '#56b4e9', '#cc79a7', '#b3a000'];
const REST = '#8a979c';
/** Steps of the scale of dates. */
const STEPS = 8;

/** From early (blue, dark) to late (yellow, light): lightness rises with time, so it reads without colour too. */
function stepColour(step: number, steps: number): string {
  const t = steps === 1 ? 1 : step / (steps - 1);
  return `oklch(${(0.5 + 0.31 * t).toFixed(3)} 0.13 ${(270 - 180 * t).toFixed(0)})`;
}

/**
 * The commonest folders get a colour each, the others share one. `words` names the pictures without a folder, and the
 * others.
 */
export function colourByFolder(folders: readonly string[], words: { top: string; others: string }): Colouring {
  const counts = new Map<string, number>();
  for (const folder of folders) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  const ranked = [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
  const named = ranked.slice(0, ranked.length > KINDS.length ? KINDS.length - 1 : KINDS.length);
  const classOf = new Map(named.map(([folder], i) => [folder, i]));
  const legend = named.map(([folder, count], i) => ({ colour: KINDS[i]!, label: folder || words.top, count }));
  const others = folders.length - named.reduce((sum, [, count]) => sum + count, 0);
  if (others > 0) legend.push({ colour: REST, label: words.others, count: others });
  return { classes: Uint8Array.from(folders, (folder) => classOf.get(folder) ?? named.length), legend };
}

/**
 * Steps that hold about equally many pictures each, so that one old picture does not give all others the same colour.
 * @param dates milliseconds since 1970; null if there is none
 */
export function colourByDate(
  dates: readonly (number | null)[],
  words: { range: (from: number, to: number) => string; undated: string },
): Colouring {
  const known = dates.filter((date) => date !== null).sort((a, b) => a - b);
  const starts = [
    ...new Set(Array.from({ length: STEPS }, (_, i) => known[Math.floor((i * known.length) / STEPS)])),
  ].filter((start) => start !== undefined);
  const stepOf = (date: number) => starts.findLastIndex((start) => date >= start);
  const classes = Uint8Array.from(dates, (date) => (date === null ? starts.length : stepOf(date)));
  const legend = starts.map((start, i) => {
    const held = known.filter((date) => stepOf(date) === i);
    return { colour: stepColour(i, starts.length), label: words.range(start, held.at(-1)!), count: held.length };
  });
  const undated = dates.length - known.length;
  if (undated > 0) legend.push({ colour: REST, label: words.undated, count: undated });
  return { classes, legend };
}
