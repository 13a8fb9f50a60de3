/** @file Vectors that were computed, by what they are of: kept so that an interrupted evaluation goes on where it was. */

import { sha256Hex } from '../bundle/digest';
import { SourceNotFoundError } from '../errors';
import type { Pictures } from './pictures';
import type { Pair } from './rows';

/** Hex digits of a key: 128 bits of SHA-256. */
export const KEY_DIGITS = 32;

/** Vectors by the keys of {@link pairKey}. */
export interface VectorStore {
  has(key: string): boolean;
  /** Rejects with {@link SourceNotFoundError} for a key that is not there. // [dims] */
  get(key: string): Promise<Float32Array>;
  /** Once this resolves the vectors outlive the process, where the store does. */
  add(entries: readonly (readonly [key: string, vector: Float32Array])[]): Promise<void>;
}

/** Text, picture path and the picture's checksum; the instruction, where there is one apart. */
export async function pairKey(
  { text, image, instruction }: Pair,
  pictures: Pictures,
  signal?: AbortSignal,
): Promise<string> {
  const crc = image === null ? null : await pictures.crc(image, signal);
  const bytes = new TextEncoder().encode(
    JSON.stringify([text, image, crc, ...(instruction === undefined ? [] : [instruction])]),
  );
  return (await sha256Hex(bytes)).slice(0, KEY_DIGITS);
}

/** Nothing outlives the page. */
export function memoryVectors(): VectorStore {
  const vectors = new Map<string, Float32Array>();
  return {
    has: (key) => vectors.has(key),
    get: async (key) => vectors.get(key) ?? missing(key),
    add: async (entries) => entries.forEach(([key, vector]) => vectors.set(key, vector)),
  };
}

export function missing(key: string): never {
  throw new SourceNotFoundError(`There is no vector ${key} among those computed.`, { key });
}
