/** @file What a change does to the browser's history: Back undoes a search, a filter, a view, or an open picture, not a letter. */
import { isSamePlace, writeAddress, type Address } from './address';

/** What the page keeps with an entry of the history. */
export interface EntryState {
  /** The viewer was opened from the entry before. */
  opened?: boolean;
  /** Words were typed into it last then, in milliseconds. */
  typed?: number;
  /** Pixels scrolled down. */
  y?: number;
  /** Number of the pictures that have no address, for as long as the page lives. */
  pictures?: number;
}

export type Step =
  | { kind: 'none' }
  /** Something new. */
  | { kind: 'push'; state: EntryState }
  /** In place of what the entry said. */
  | { kind: 'replace'; state: EntryState }
  /** The viewer was closed: to where it was opened. */
  | { kind: 'back' };

/** Who types on after so many milliseconds looks for something else. */
const PAUSE = 2500;

/** @param before what the entry says; `other`: whether other pictures are looked for, that the address does not tell */
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
