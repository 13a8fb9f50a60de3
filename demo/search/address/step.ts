/**
 * @file How a change affects the browser's history: Back undoes a search, a filter, a view, or an open picture, not a
 * letter.
 */
import { isSamePlace, writeAddress, type Address } from './address';

/** What the page stores with a history entry. */
export interface EntryState {
  /** The viewer was opened from the entry before. */
  opened?: boolean;
  /** When words were last typed, in milliseconds. */
  typed?: number;
  /** Pixels scrolled down. */
  y?: number;
  /** Number of the pictures that have no address, for as long as the page lives. */
  pictures?: number;
}

export type Step =
  | { kind: 'none' }
  /** A new entry. */
  | { kind: 'push'; state: EntryState }
  /** Replaces the entry. */
  | { kind: 'replace'; state: EntryState }
  /** The viewer was closed: goes back to where it was opened. */
  | { kind: 'back' };

/** Typing after a pause of this many milliseconds starts a new search. */
const PAUSE = 2500;

/**
 * @param before the contents of the entry; `other`: whether the query has other pictures, which the address does not
 * contain
 */
export function stepOf(
  before: Address,
  next: Address,
  { entry, now, other = false }: { entry: EntryState; now: number; other?: boolean },
): Step {
  if (!other && writeAddress(before) === writeAddress(next)) return { kind: 'none' };
  if (!other && isSamePlace(before, next)) {
    if (before.photo === null) return { kind: 'push', state: { opened: true, pictures: entry.pictures } };
    if (next.photo !== null) return { kind: 'replace', state: entry };
    return entry.opened ? { kind: 'back' } : { kind: 'replace', state: entry };
  }
  const typed = !other && before.text !== next.text && isSamePlace({ ...before, text: '' }, { ...next, text: '' });
  if (!typed) return { kind: 'push', state: {} };
  const state = { ...entry, typed: now };
  const goesOn = entry.typed !== undefined && now - entry.typed < PAUSE && before.text !== '' && next.text !== '';
  return goesOn ? { kind: 'replace', state } : { kind: 'push', state: { typed: now, pictures: entry.pictures } };
}
