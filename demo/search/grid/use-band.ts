/** @file Which part of an element is in view, as the window scrolls: reported only when rows change. */
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { RefObject } from 'preact';
import { followScroll } from '../parts/scrolling';
import { rowsBetween, type GridLayout, type Row } from './layout';

/** The width of an element, as it changes. 0 before it is in the page. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width));
    observer.observe(element.current!);
    setWidth(element.current!.clientWidth);
    return () => observer.disconnect();
  }, []);
  return width;
}

/** Rows are kept for this many screens beyond the view, so that scrolling shows no gaps. */
const OVERSCAN = 0.5;
/** This many rows may stay longer, until others take their place. */
const SPARE = 2;

/** The rows in view or close to it. */
export function useRows(element: RefObject<HTMLElement | null>, layout: GridLayout): Row[] {
  const [rows, setRows] = useState<Row[]>([]);
  useEffect(() => {
    let shown: readonly Row[] = [];
    return followScroll(() => {
      if (!element.current) return undefined;
      const top = -element.current.getBoundingClientRect().top;
      const extra = innerHeight * OVERSCAN;
      const next = rowsBetween(layout, top - extra, top + innerHeight + extra);
      if (isCovered(next, shown)) return undefined;
      shown = next;
      return () => setRows(next);
    });
  }, [layout]);
  return rows;
}

/** Whether all of `next` is shown, and hardly more: rows that leave can wait for those that come. */
function isCovered(next: readonly Row[], shown: readonly Row[]): boolean {
  if (next.length === 0 || shown.length > next.length + SPARE) return next.length === shown.length;
  return shown.length > 0 && shown[0]!.row <= next[0]!.row && shown.at(-1)!.row >= next.at(-1)!.row;
}
