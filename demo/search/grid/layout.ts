/**
 * @file The position of each picture in the grid. Square cells of one size in sections, each under a heading of fixed
 * height: every position is arithmetic, so that 100,000 pictures need no measuring and only those in view exist in the
 * page.
 */

/** A run of pictures under one heading. */
export interface SectionSpec {
  /** Pictures in it; 0 for a section that is folded. */
  count: number;
  /** Height of the content above it, in CSS pixels; 0 for nothing. */
  heading: number;
}

export interface GridOptions {
  /** Width that the grid may fill, in CSS pixels. */
  width: number;
  /** Cells are at least this wide if the width allows. */
  minCell: number;
  /** Between cells, and between rows. */
  gap: number;
}

export interface Section extends SectionSpec {
  /** Top of the heading, in CSS pixels from the top of the grid. */
  top: number;
  /** Index of its first picture in the whole list. */
  start: number;
  rows: number;
  /** Number of rows in the sections before it. */
  firstRow: number;
}

export interface GridLayout {
  columns: number;
  /** Side of a cell, in CSS pixels. */
  cell: number;
  gap: number;
  sections: Section[];
  count: number;
  rows: number;
  /** Height of everything, in CSS pixels. */
  height: number;
}

/** One row of cells: pictures `start` up to, not including, `end`. */
export interface Row {
  /** Position among all rows, from 0. */
  row: number;
  section: number;
  top: number;
  start: number;
  end: number;
}

export function gridLayout(specs: readonly SectionSpec[], { width, minCell, gap }: GridOptions): GridLayout {
  const columns = Math.max(1, Math.floor((width + gap) / (minCell + gap)));
  const cell = Math.max(1, (width - gap * (columns - 1)) / columns);
  const sections: Section[] = [];
  let top = 0;
  let start = 0;
  let firstRow = 0;
  for (const { count, heading } of specs) {
    const rows = Math.ceil(count / columns);
    sections.push({ count, heading, top, start, rows, firstRow });
    top += heading + rows * (cell + gap);
    start += count;
    firstRow += rows;
  }
  return { columns, cell, gap, sections, count: start, rows: firstRow, height: Math.max(0, top - gap) };
}

/** @returns the row that holds a picture; null for an index outside the list */
export function rowOf(layout: GridLayout, index: number): Row | null {
  if (!Number.isInteger(index) || index < 0 || index >= layout.count) return null;
  const section = layout.sections.findIndex(({ start, count }) => index < start + count);
  return rowAt(layout, section, Math.floor((index - layout.sections[section]!.start) / layout.columns));
}

function rowAt({ sections, columns, cell, gap }: GridLayout, section: number, rowInSection: number): Row {
  const { top, heading, start, count, firstRow } = sections[section]!;
  const first = start + rowInSection * columns;
  return {
    row: firstRow + rowInSection,
    section,
    top: top + heading + rowInSection * (cell + gap),
    start: first,
    end: Math.min(start + count, first + columns),
  };
}

/** The rows that touch the band from `top` to `bottom`, in CSS pixels from the top of the grid. */
export function rowsBetween(layout: GridLayout, top: number, bottom: number): Row[] {
  const rows: Row[] = [];
  const pitch = layout.cell + layout.gap;
  layout.sections.forEach((section, i) => {
    const offset = section.top + section.heading;
    const first = Math.max(0, Math.floor((top - offset) / pitch));
    const last = Math.min(section.rows - 1, Math.floor((bottom - offset) / pitch));
    for (let r = first; r <= last; r++) rows.push(rowAt(layout, i, r));
  });
  return rows;
}

/** The sections whose headings belong to these rows or to what immediately follows them. */
export function headingsAt({ sections }: GridLayout, rows: readonly Row[]): number[] {
  const [first, last] = [rows[0]?.section ?? 0, rows.at(-1)?.section ?? 0];
  const seen: number[] = [];
  for (let i = first; i < sections.length; i++) {
    const { heading, count } = sections[i]!;
    if (heading > 0) seen.push(i);
    // A folded section is followed by the next heading.
    if (i > last && count > 0) break;
  }
  return seen;
}

/** The section at a position of the grid, in CSS pixels from its top. */
export function sectionAt({ sections }: GridLayout, top: number): number {
  let [low, high] = [0, sections.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (sections[middle]!.top <= top) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

/**
 * How far to scroll so that a row is in view.
 * @param top first visible pixel, from the top of the grid; `height` of the view; `inset` what a sticky bar covers of it
 * @returns the new `top`, or the old one if the row is in view
 */
export function scrollToRow(
  layout: GridLayout,
  row: Row,
  view: { top: number; height: number; inset: number },
): number {
  const above = row.top - view.inset;
  const below = row.top + layout.cell - view.height;
  if (view.top > above) return above;
  if (view.top < below) return below;
  return view.top;
}
