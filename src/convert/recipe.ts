/** @file Which recipe a bundle gets, and whether the checkpoint can be used with it. */

import type { JsonObject } from '../bundle/manifest';
import type { Checkpoint } from '../checkpoint';
import { UnsupportedError } from '../errors';
import { architectureOf, type Architecture, type Backbone } from '../models';
import { findRecipe, type FoundRecipe, type Recipe } from '../recipes';
import { unlikePublished } from './unlike-published';

export type ChosenRecipe = FoundRecipe;

/** Reports if the files of a known repository are not those for which its recipe was written. */
export function compareFiles(chosen: ChosenRecipe, checkpoint: Checkpoint, backbone: Backbone): ChosenRecipe {
  if (chosen.assumed !== null) return chosen;
  const { recipe } = chosen;
  const found = { checkpoint, architecture: backbone.name, recipe, image: backbone.image };
  return { recipe, assumed: unlikePublished(found) };
}

/** @throws UnsupportedError for a recipe for another architecture */
export function chooseRecipe(checkpoint: Checkpoint, architecture: Architecture, given?: Recipe): ChosenRecipe {
  const chosen = given === undefined ? found(checkpoint, architecture) : { recipe: given, assumed: null };
  const { name, architectures } = chosen.recipe;
  if (!architectures.includes(architecture.id)) {
    throw new UnsupportedError(
      `The recipe ${name} is for ${architectures.join(', ')}; the checkpoint's architecture is ${architecture.id}.`,
      { recipe: name, architecture: architecture.id },
    );
  }
  return chosen;
}

/** The recipe for a checkpoint of which only names and config are known, for estimates. */
export function recipeBeforeWeights(names: { base: string; adapter: string | null; config: JsonObject }): Recipe {
  const { id, recipe } = architectureOf(names.config);
  return findRecipe({ ...names, architecture: id, fallback: recipe, hasTensor: () => false }).recipe;
}

function found({ source: { base, adapter }, tensors }: Checkpoint, architecture: Architecture): ChosenRecipe {
  return findRecipe({
    base: base.id,
    adapter: adapter?.id ?? null,
    architecture: architecture.id,
    fallback: architecture.recipe,
    hasTensor: (name) => tensors.info(name) !== undefined,
  });
}
