/**
 * @file Where an index is stored: its database, folder, lock and channel, each named after the library and the model.
 */

import { sha256Hex } from '../../bundle/digest';
import { InvalidInputError } from '../../errors';

/** Which index, and which model's vectors. */
export interface LibraryPlace {
  /** See {@link placeName}. */
  place: string;
  /** The library's name, for people. */
  name: string;
  modelId: string;
  /** A name to display. */
  modelName: string | null;
  dims: number;
}

const NAME = /^[\p{L}\p{N}_-][\p{L}\p{N} ._-]{0,63}$/u;

/** One name is used for all of them. Each model has its own index, so returning to an earlier one costs nothing. */
export async function placeName(name: string, modelId: string): Promise<string> {
  if (!NAME.test(name)) {
    throw new InvalidInputError('name: letters, digits, spaces, ".", "_" and "-", at most 64 of them.', { name });
  }
  const hash = await sha256Hex(new TextEncoder().encode(JSON.stringify([name, modelId])));
  return `vlm2vec-search-${hash.slice(0, 24)}`;
}
