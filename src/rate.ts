/** @file Adds to progress what people ask of it: how fast, and how much longer. */

import type { OnProgress, ProgressEvent } from './runtime';

/** Rates are of the last seconds, so that they follow a line that slows down. */
const WINDOW = 10_000;
/** Nothing is said of the rate before, in milliseconds. */
const SETTLE = 1000;

/** Events of phases that count bytes get `rate` and `secondsLeft`. */
export function withRate(
  onProgress: OnProgress | undefined,
  now: () => number = () => performance.now(),
): OnProgress | undefined {
  if (!onProgress) return undefined;
  let key = '';
  let marks: { at: number; loaded: number }[] = [];
  return (event: ProgressEvent) => {
    const { phase, status, loaded, total } = event;
    const counts = phase !== 'embed' && loaded !== undefined && total !== undefined;
    if (!counts) return onProgress(event);
    const current = `${phase} ${total}`;
    const time = now();
    if (key !== current || loaded < (marks.at(-1)?.loaded ?? 0)) marks = [];
    key = current;
    marks.push({ at: time, loaded });
    while (marks.length > 2 && marks[1]!.at < time - WINDOW) marks.shift();
    const first = marks[0]!;
    const elapsed = time - first.at;
    if (status !== 'progress' || elapsed < SETTLE || loaded <= first.loaded) return onProgress(event);
    const rate = ((loaded - first.loaded) / elapsed) * 1000;
    return onProgress({ ...event, rate, secondsLeft: (total - loaded) / rate });
  };
}
