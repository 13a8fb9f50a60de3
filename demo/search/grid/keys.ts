/** @file What keys do in the grid: where the focus goes next, and what happens to the focused picture. */
import { rowOf, type GridLayout } from './layout';

export type GridCommand = 'open' | 'select' | 'select-all' | 'more-like' | 'clear';

/** The parts of a keyboard event that matter. */
export interface KeyPress {
  key: string;
  ctrlKey?: boolean;
  metaKey?: boolean;
  shiftKey?: boolean;
  altKey?: boolean;
}

const COMMANDS: Record<string, GridCommand> = {
  Enter: 'open',
  ' ': 'select',
  m: 'more-like',
  M: 'more-like',
  Escape: 'clear',
};

/** What a key does with the focused picture; null for keys that are not ours. */
export function commandOf({ key, ctrlKey, metaKey, altKey }: KeyPress): GridCommand | null {
  if (altKey) return null;
  if (ctrlKey || metaKey) return key.toLowerCase() === 'a' ? 'select-all' : null;
  return COMMANDS[key] ?? null;
}

/**
 * Where a key moves the focus.
 * @param page rows that a page key jumps
 * @returns the index of a picture, or null if the key moves nothing
 */
export function moveOf(layout: GridLayout, index: number, press: KeyPress, page: number): number | null {
  if (layout.count === 0 || press.altKey) return null;
  const jump = press.ctrlKey || press.metaKey;
  const current = rowOf(layout, index);
  if (!current) return null;
  switch (press.key) {
    case 'ArrowLeft':
      return Math.max(0, index - 1);
    case 'ArrowRight':
      return Math.min(layout.count - 1, index + 1);
    case 'ArrowUp':
      return inRow(layout, index, current.row - 1);
    case 'ArrowDown':
      return inRow(layout, index, current.row + 1);
    case 'PageUp':
      return inRow(layout, index, Math.max(0, current.row - page));
    case 'PageDown':
      return inRow(layout, index, Math.min(layout.rows - 1, current.row + page));
    case 'Home':
      return jump ? 0 : current.start;
    case 'End':
      return jump ? layout.count - 1 : current.end - 1;
    default:
      return null;
  }
}

/** The picture in the same column of another row; the last of that row if it is shorter; unchanged if there is none. */
function inRow(layout: GridLayout, index: number, row: number): number {
  const section = layout.sections.find(({ firstRow, rows }) => row >= firstRow && row < firstRow + rows);
  if (!section) return index;
  const column = index - rowOf(layout, index)!.start;
  const start = section.start + (row - section.firstRow) * layout.columns;
  return Math.min(start + column, section.start + section.count - 1);
}
