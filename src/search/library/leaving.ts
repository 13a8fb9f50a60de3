/**
 * @file A note for the next page of how this one was left: a page that was closed or reloaded did not die, and one that
 * ended in the background may have been closed by the system to save memory. It is in `localStorage`, since nothing
 * else can be written so late.
 */

export interface Leaving {
  /** The session of the attempts: see `Attempts.session`. */
  session: string;
  /** `hidden`: it was in the background, and may have ended later. */
  kind: 'closed' | 'hidden';
}

/** @param place where the index is stored */
export function readLeaving(place: string): Leaving | null {
  try {
    const [kind, session] = (localStorage.getItem(place) ?? '').split(':') as [string, string | undefined];
    return session && (kind === 'closed' || kind === 'hidden') ? { session, kind } : null;
  } catch {
    return null; // there is no storage, or it is not allowed: what was in progress is merely tried alone next time
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
 * Keeps the note up to date. Returns a function that ends that.
 * @param session null if another tab writes the index
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
    // At its end a page is also told that it is hidden, last of all.
    if (document.visibilityState === 'hidden' && !own) note('hidden');
  };
  globalThis.addEventListener?.('pagehide', onHide);
  globalThis.document?.addEventListener('visibilitychange', onVisibility);
  return () => {
    globalThis.removeEventListener?.('pagehide', onHide);
    globalThis.document?.removeEventListener('visibilitychange', onVisibility);
  };
}
