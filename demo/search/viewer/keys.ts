/** @file What keys do in the viewer. The dialog handles Escape itself. */

export type ViewerCommand = 'select' | 'more-like' | 'favourite' | 'zoom-in' | 'zoom-out' | 'fit';

const COMMANDS = new Map<string, ViewerCommand>([
  ['s', 'select'],
  ['m', 'more-like'],
  ['f', 'favourite'],
  ['+', 'zoom-in'],
  ['=', 'zoom-in'],
  ['-', 'zoom-out'],
  ['0', 'fit'],
]);

/** Fraction of the view for each press. */
const PAN = 80;

/** Where a key goes among `count` pictures; null if it goes nowhere. */
export function stepOf(key: string, at: number, count: number): number | null {
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: count - 1, PageDown: at + 10, PageUp: at - 10 }[
    key
  ];
  if (to === undefined || count === 0) return null;
  const bounded = Math.min(count - 1, Math.max(0, to));
  return bounded === at ? null : bounded;
}

export function viewerCommand(key: string): ViewerCommand | null {
  return COMMANDS.get(key.toLowerCase()) ?? null;
}

/** How a key moves a picture that is zoomed, in pixels; null for keys that do not. */
export function panOf(key: string): { dx: number; dy: number } | null {
  if (key === 'ArrowLeft') return { dx: PAN, dy: 0 };
  if (key === 'ArrowRight') return { dx: -PAN, dy: 0 };
  if (key === 'ArrowUp') return { dx: 0, dy: PAN };
  return key === 'ArrowDown' ? { dx: 0, dy: -PAN } : null;
}
