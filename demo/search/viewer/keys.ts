/** @file What keys do in the viewer. Escape is the dialog's own. */

export type ViewerCommand = 'select' | 'more-like';

/** Where a key goes among `count` pictures; null where it goes nowhere. */
export function stepOf(key: string, at: number, count: number): number | null {
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: count - 1, PageDown: at + 10, PageUp: at - 10 }[
    key
  ];
  if (to === undefined || count === 0) return null;
  const bounded = Math.min(count - 1, Math.max(0, to));
  return bounded === at ? null : bounded;
}

export function viewerCommand(key: string): ViewerCommand | null {
  if (key === 's' || key === 'S') return 'select';
  return key === 'm' || key === 'M' ? 'more-like' : null;
}
