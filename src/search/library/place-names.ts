/** @file Names of places for a search by words: the gazetteer is read once, by whichever search needs it first. */

import { Places } from '../places/areas';
import { Gazetteer } from '../places/gazetteer';
import type { WordSearch } from '../words/match';

/**
 * Has `words` know the places of a gazetteer.
 * @param bytes of the file; null where there is none, and then nothing happens
 * @param onRead called once `words` knows them
 * @returns what waits for that: one reading for all who ask, begun again where it failed
 */
export function placesReader(
  words: WordSearch,
  bytes: () => Promise<Uint8Array<ArrayBuffer> | null>,
  onRead?: () => void,
): () => Promise<void> {
  /** Under way or done; null before, and where it failed. */
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
