/** @file Which part of an element is in view, as the window scrolls: told only when rows change. */
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

/** The rows in view or close to it. */
export function useRows(element: RefObject<HTMLElement | null>, layout: GridLayout): Row[] {
  const [rows, setRows] = useState<Row[]>([]);
  useEffect(() => {
    let shown = '';
    return followScroll(() => {
      if (!element.current) return undefined;
      const top = -element.current.getBoundingClientRect().top;
      const extra = innerHeight * OVERSCAN;
      const next = rowsBetween(layout, top - extra, top + innerHeight + extra);
      const key = `${next[0]?.row} ${next.at(-1)?.row}`;
      if (key === shown) return undefined;
      shown = key;
      return () => setRows(next);
    });
  }, [layout]);
  return rows;
}
