/** @file Recognises a finger that pulls a picture sideways, to see the next one. */

export interface SwipeOptions {
  /** Whether a drag counts as a swipe now; it does not while the picture is zoomed. */
  isFree: () => boolean;
  /** How far it is pulled, in pixels; 0 when it is let go. */
  onPull: (dx: number) => void;
  /** Let go far or fast enough: 1 for the next picture, −1 for the one before. */
  onSwipe: (step: 1 | -1) => void;
}

/** One pull, in pixels and milliseconds. */
export interface Pull {
  dx: number;
  dy: number;
  time: number;
}

/** The distance that distinguishes it from a tap, in pixels. */
const BEGIN = 10;
const FAR = 80;
/** The speed at which a short flick is enough, in pixels per millisecond. */
const FAST = 0.45;

/** The effect of letting go; 0 for none. */
export function swipeOf({ dx, dy, time }: Pull): 1 | -1 | 0 {
  const isAside = Math.abs(dx) > 1.5 * Math.abs(dy);
  const isMeant = Math.abs(dx) > FAR || (Math.abs(dx) > 2 * BEGIN && Math.abs(dx) / Math.max(1, time) > FAST);
  if (!isAside || !isMeant) return 0;
  return dx < 0 ? 1 : -1;
}

/** Watches fingers and pens. @returns a function that ends that */
export function watchSwipes(element: HTMLElement, { isFree, onPull, onSwipe }: SwipeOptions): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const down = new Set<number>();
  let start: { id: number; x: number; y: number; time: number } | null = null;
  const pullOf = (event: PointerEvent): Pull | null =>
    start?.id === event.pointerId
      ? { dx: event.clientX - start.x, dy: event.clientY - start.y, time: event.timeStamp - start.time }
      : null;
  const end = () => {
    if (start) onPull(0);
    start = null;
  };
  element.addEventListener(
    'pointerdown',
    (event) => {
      if (event.pointerType === 'mouse') return;
      down.add(event.pointerId);
      // Two fingers zoom.
      if (down.size > 1 || !isFree()) return end();
      start = { id: event.pointerId, x: event.clientX, y: event.clientY, time: event.timeStamp };
    },
    { signal },
  );
  window.addEventListener(
    'pointermove',
    (event) => {
      const pull = pullOf(event);
      if (!pull) return;
      if (!isFree()) return end();
      if (Math.abs(pull.dx) > BEGIN) onPull(pull.dx);
    },
    { signal },
  );
  window.addEventListener(
    'pointerup',
    (event) => {
      down.delete(event.pointerId);
      const pull = pullOf(event);
      const step = pull && swipeOf(pull);
      end();
      if (step) onSwipe(step);
    },
    { signal },
  );
  window.addEventListener(
    'pointercancel',
    (event) => {
      down.delete(event.pointerId);
      if (pullOf(event)) end();
    },
    { signal },
  );
  return () => stop.abort();
}
