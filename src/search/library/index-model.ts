/** @file Which model made the vectors of an index, and checks that no others are mixed or compared with them. */

import { UnsupportedError } from '../../errors';
import type { EmbedderRecipe } from '../types';

export interface IndexModel {
  /** As `PhotoEmbedder.id`. */
  id: string;
  /** A name to display; null if unknown. */
  name: string | null;
  dims: number;
}

/**
 * @param given the model that is given
 * @param what names the index, to begin the message with
 * @throws UnsupportedError naming both models if they differ
 */
export function checkModel(needed: IndexModel, given: IndexModel, what: string): void {
  if (needed.id !== given.id) {
    throw new UnsupportedError(
      `${what} was made with a different model from the one given: ${inWords(needed)}, not ${inWords(given)}. Give that model; vectors ` +
        'of two models cannot be compared.',
      { needed: needed.id, given: given.id, name: needed.name },
    );
  }
  if (needed.dims !== given.dims) {
    throw new UnsupportedError(
      `${what} has vectors of ${needed.dims} dimensions, not ${given.dims}, although the model is the same (${inWords(needed)}).`,
      { needed: needed.dims, given: given.dims },
    );
  }
}

/** @throws UnsupportedError for a recipe with several vectors per input */
export function expectOneVector({ pooling, title }: EmbedderRecipe): void {
  if (pooling !== 'all') return;
  throw new UnsupportedError(
    `${title} gives several vectors per picture, but a photo index keeps one. Choose another model.`,
    { recipe: title },
  );
}

/** `nano (3f9a0c1b2d4e)` */
function inWords({ id, name }: IndexModel): string {
  const short = id.slice(0, 12);
  return name === null ? `the one with the id ${short}` : `${name} (${short})`;
}
