/** @file The positions of years on the scrubber, in proportion to the room of their pictures in the grid. */
import type { GridLayout } from '../grid/layout';
import type { TimeSection } from './sections';
import { yearOf } from './words';

export interface YearMark {
  year: number;
  /** Position of its first section among all. */
  section: number;
  /** Of the grid's height, 0 to 1. */
  share: number;
}

/** Every year that begins somewhere, in the order of the grid. */
export function yearMarks(sections: readonly TimeSection[], layout: GridLayout): YearMark[] {
  const marks: YearMark[] = [];
  sections.forEach((each, section) => {
    const year = yearOf(each);
    const { top } = layout.sections[section] ?? {};
    if (year === null || top === undefined || marks.at(-1)?.year === year) return;
    marks.push({ year, section, share: layout.height > 0 ? top / layout.height : 0 });
  });
  return marks;
}

/** Those that have room: at least `gap` pixels apart on a rail of `height`. The first and the last take precedence. */
export function spacedMarks(marks: readonly YearMark[], height: number, gap: number): YearMark[] {
  const last = marks.at(-1);
  if (!last) return [];
  const shown: YearMark[] = [];
  for (const mark of marks) {
    const before = shown.at(-1);
    const above = before ? (mark.share - before.share) * height : Infinity;
    const below = mark === last ? Infinity : (last.share - mark.share) * height;
    if (above >= gap && (below >= gap || shown.length === 0)) shown.push(mark);
  }
  return shown;
}
