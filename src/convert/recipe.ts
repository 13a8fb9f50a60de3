/** @file Which recipe a bundle gets, and whether the checkpoint can be asked that way. */

import type { Checkpoint } from '../checkpoint';
import { UnsupportedError } from '../errors';
import type { Architecture } from '../models';
import { findRecipe, type FoundRecipe, type Recipe } from '../recipes';

export type ChosenRecipe = FoundRecipe;

/** @throws UnsupportedError for a given recipe of another architecture */
export function chooseRecipe(checkpoint: Checkpoint, architecture: Architecture, given?: Recipe): ChosenRecipe {
  if (given === undefined) {
    const { base, adapter } = checkpoint.source;
    return findRecipe({
      base: base.id,
      adapter: adapter?.id ?? null,
      architecture: architecture.id,
      fallback: architecture.recipe,
      hasTensor: (name) => checkpoint.tensors.info(name) !== undefined,
    });
  }
  if (!given.architectures.includes(architecture.id)) {
    throw new UnsupportedError(
      `The recipe ${given.name} is for ${given.architectures.join(', ')}; the checkpoint is of ${architecture.id}.`,
      { recipe: given.name, architecture: architecture.id },
    );
  }
  return { recipe: given, assumed: null };
}
