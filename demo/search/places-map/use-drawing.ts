/** @file Drawing a rectangle over the map: with the tool, or with the shift key held. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Rect } from './view';

/** Anything smaller is a click, in CSS pixels. */
const LEAST = 6;

export interface Drawing {
  /** Whether a drag draws. */
  active: boolean;
  setActive: (active: boolean) => void;
  /** The rectangle drawn so far. */
  rect: Rect | null;
  onPointerDown: (event: PointerEvent) => void;
  onPointerMove: (event: PointerEvent) => void;
  onPointerUp: (event: PointerEvent) => void;
  onPointerCancel: () => void;
}

export function useDrawing(onDrawn: (rect: Rect) => void): Drawing {
  const [active, setActive] = useState(false);
  const [rect, setRect] = useState<Rect | null>(null);
  const from = useRef<[number, number] | null>(null);
  const to = ({ clientX, clientY, currentTarget }: PointerEvent): [number, number] => {
    const { left, top, width, height } = (currentTarget as HTMLElement).getBoundingClientRect();
    return [Math.max(0, Math.min(width, clientX - left)), Math.max(0, Math.min(height, clientY - top))];
  };
  const rectTo = ([x, y]: [number, number]): Rect => {
    const [fromX, fromY] = from.current!;
    return { left: Math.min(fromX, x), top: Math.min(fromY, y), right: Math.max(fromX, x), bottom: Math.max(fromY, y) };
  };
  const end = () => {
    from.current = null;
    setRect(null);
    setActive(false);
  };
  useEffect(() => {
    if (!active) return;
    const onKeyDown = (event: KeyboardEvent) => event.key === 'Escape' && end();
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [active]);
  return {
    active,
    setActive,
    rect,
    onPointerDown(event) {
      if (event.button !== 0 || !event.isPrimary || !(active || event.shiftKey)) return;
      from.current = to(event);
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    },
    onPointerMove(event) {
      if (from.current && event.isPrimary) setRect(rectTo(to(event)));
    },
    onPointerUp(event) {
      if (!from.current || !event.isPrimary) return;
      const drawn = rectTo(to(event));
      end();
      if (drawn.right - drawn.left >= LEAST && drawn.bottom - drawn.top >= LEAST) onDrawn(drawn);
    },
    onPointerCancel: end,
  };
}
