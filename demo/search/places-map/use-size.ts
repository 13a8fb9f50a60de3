/** @file The size of an element, as it changes. */
import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import type { Size } from './view';

/** @returns null before it is in the page */
export function useSize(element: RefObject<HTMLElement | null>): Size | null {
  const [size, setSize] = useState<Size | null>(null);
  useLayoutEffect(() => {
    const look = () => {
      const { clientWidth: width, clientHeight: height } = element.current!;
      if (width > 0 && height > 0) setSize({ width, height });
    };
    const observer = new ResizeObserver(look);
    observer.observe(element.current!);
    look();
    return () => observer.disconnect();
  }, []);
  return size;
}
