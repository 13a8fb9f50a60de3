/**
 * @file Everything that follows the window's scrolling. In each frame, everything is read first, and only then is
 * anything changed: a position that is read after a change makes the browser lay out the page a second time.
 */

/** Reads positions. @returns the change to make once everything has been read */
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

/** Reads now, and once in each frame in which the window was scrolled or resized. @returns a function that ends it */
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

/** Changes the page in the next frame, after all reads. */
export function inNextFrame(change: () => void): void {
  changes.push(change);
  later();
}
