/** @file Names of places for searches by words: the gazetteer is read once, for the first search that needs it. */

import { Places } from '../places/areas';
import { Gazetteer } from '../places/gazetteer';
import type { WordSearch } from '../words/match';

/**
 * Teaches `words` the places of a gazetteer.
 * @param bytes returns the file's bytes; null if there is none, and then nothing happens
 * @param onRead called once `words` knows the places
 * @returns a function that waits for it: the file is read once for all callers, and again after a failure
 */
export function placesReader(
  words: WordSearch,
  bytes: () => Promise<Uint8Array<ArrayBuffer> | null>,
  onRead?: () => void,
): () => Promise<void> {
  /** In progress or done; null before, and after a failure. */
  let reading: Promise<void> | null = null;
  const read = async () => {
    const given = await bytes();
    if (!given) return;
    words.places = new Places(await Gazetteer.read(given));
    onRead?.();
  };
  return () =>
    (reading ??= read().catch((error: unknown) => {
      reading = null;
      throw error;
    }));
}
