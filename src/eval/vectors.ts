/**
 * @file Computed vectors, stored by what they represent, so that an interrupted evaluation continues where it stopped.
 */

import { sha256Hex } from '../bundle/digest';
import { SourceNotFoundError } from '../errors';
import type { Pictures } from './pictures';
import type { Pair } from './rows';

/** Hex digits of a key: 128 bits of SHA-256. */
export const KEY_DIGITS = 32;

/** Vectors, stored by the keys of {@link pairKey}. */
export interface VectorStore {
  has(key: string): boolean;
  /** Returns a vector. Rejects with {@link SourceNotFoundError} for an unknown key. // [dims] */
  get(key: string): Promise<Float32Array>;
  /** Adds vectors. Once this resolves, they outlive the process if the store does. */
  add(entries: readonly (readonly [key: string, vector: Float32Array])[]): Promise<void>;
}

/**
 * The key of a pair: from text, picture path and the picture's checksum, and from the instruction if it is separate.
 */
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

/** A store in memory: nothing outlives the page. */
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
