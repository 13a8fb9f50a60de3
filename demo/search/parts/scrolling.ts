/**
 * @file What goes along with the window's scrolling. In each frame all of it looks first, and only then is anything changed: a
 * place that is read after a change has the browser lay out the page a second time.
 */

/** Reads where things are. @returns what is to be changed for it, once all have read */
export type Look = () => (() => void) | undefined;

const looks = new Set<Look>();
let changes: (() => void)[] = [];
let isMoved = false;
let frame = 0;

function later(): void {
  frame ||= requestAnimationFrame(runFrame);
}

function moved(): void {
  isMoved = true;
  later();
}

function runFrame(): void {
  frame = 0;
  const wanted = isMoved ? [...looks].map((look) => look()) : [];
  const others = changes;
  isMoved = false;
  changes = [];
  for (const change of [...wanted, ...others]) change?.();
}

/** Looks now, and once in each frame in which the window was scrolled or changed its size. @returns what ends it */
export function followScroll(look: Look): () => void {
  if (looks.size === 0) {
    addEventListener('scroll', moved, { passive: true });
    addEventListener('resize', moved);
  }
  looks.add(look);
  look()?.();
  return () => {
    looks.delete(look);
    if (looks.size > 0) return;
    removeEventListener('scroll', moved);
    removeEventListener('resize', moved);
  };
}

/** Changes the page in the next frame, after all that look. */
export function inNextFrame(change: () => void): void {
  changes.push(change);
  later();
}
