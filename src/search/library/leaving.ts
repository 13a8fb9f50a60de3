/**
 * @file A note of how the page was left, for the next one: a page that was closed or reloaded did not die, and one that
 * ended while nobody looked may have been ended by the system, to save memory. It is in `localStorage`, since nothing
 * else can be written so late.
 */

export interface Leaving {
  /** Of attempts: see `Attempts.session`. */
  session: string;
  /** `hidden`: it was in the background, and may have ended later. */
  kind: 'closed' | 'hidden';
}

/** @param place of the index */
export function readLeaving(place: string): Leaving | null {
  try {
    const [kind, session] = (localStorage.getItem(place) ?? '').split(':') as [string, string | undefined];
    return session && (kind === 'closed' || kind === 'hidden') ? { session, kind } : null;
  } catch {
    return null; // no storage, or none that is allowed: what was in progress is tried alone next time, and no more
  }
}

export function forgetLeaving(place: string): void {
  try {
    localStorage.removeItem(place);
  } catch {
    // there was none
  }
}

/**
 * Keeps the note up to date. Returns what ends that.
 * @param session null where another tab writes the index
 */
export function noteLeaving(place: string, session: () => string | null): () => void {
  const note = (kind: Leaving['kind']) => {
    const id = session();
    if (id === null) return;
    try {
      localStorage.setItem(place, `${kind}:${id}`);
    } catch {
      // as above
    }
  };
  const onHide = () => note('closed');
  const onVisibility = () => {
    const own = readLeaving(place)?.session === session();
    if (document.visibilityState === 'visible' && own) forgetLeaving(place);
    // At its end a page hears of being hidden, too, after all else.
    if (document.visibilityState === 'hidden' && !own) note('hidden');
  };
  globalThis.addEventListener?.('pagehide', onHide);
  globalThis.document?.addEventListener('visibilitychange', onVisibility);
  return () => {
    globalThis.removeEventListener?.('pagehide', onHide);
    globalThis.document?.removeEventListener('visibilitychange', onVisibility);
  };
}
