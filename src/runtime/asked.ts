/**
 * @file What a bundle computes and how inputs are presented to it: its backbone, and its recipe or the one that the
 * caller names.
 */

import type { BundleManifest } from '../bundle/manifest';
import { BundleFormatError, UnsupportedError } from '../errors';
import { bundleBackbone, expectPooling, expectPositions, type Backbone } from '../models';
import { readRecipe, recipeNamed, recipeOption, type Recipe, type RecipeChoice } from '../recipes';

export interface Asked {
  readonly backbone: Backbone;
  readonly recipe: Recipe;
  /** Why the recipe was assumed, if neither the checkpoint nor the caller names it. */
  readonly assumed: string | null;
}

/**
 * @throws BundleFormatError for a bundle whose numbers or recipe make no sense; UnsupportedError for a recipe that does
 * not fit this bundle
 */
export function askedOf(manifest: BundleManifest, choice?: RecipeChoice): Asked {
  const own = ownRecipe(manifest);
  const recipe = choice === undefined ? own.recipe : recipeOption(choice);
  if (!recipe.architectures.includes(manifest.architecture)) {
    throw new UnsupportedError(
      `The recipe ${recipe.name} is for ${recipe.architectures.join(', ')}; this model's architecture is ${manifest.architecture}.`,
      { recipe: recipe.name, architecture: manifest.architecture },
    );
  }
  if (JSON.stringify(recipe.head ?? null) !== JSON.stringify(own.recipe.head ?? null)) {
    throw new UnsupportedError(
      `The recipe ${recipe.name} ends in ${headOf(recipe)}, but the bundle, made for ${own.recipe.name}, ends in ` +
        `${headOf(own.recipe)}. Convert the checkpoint with the recipe.`,
      { recipe: recipe.name },
    );
  }
  const backbone = bundleBackbone(manifest, { head: recipe.head ?? null });
  expectPositions(backbone, recipe.positions);
  expectPooling(backbone, recipe.pooling);
  return { backbone, recipe, assumed: choice === undefined ? own.assumed : null };
}

function ownRecipe({ recipe, assumed }: BundleManifest): Omit<Asked, 'backbone'> {
  // Version 1 was written for VLM2Vec alone.
  if (recipe === null) return { recipe: recipeNamed('vlm2vec'), assumed: null };
  const error = (at: string, what: string) => new BundleFormatError(`bundle.json, ${at}: ${what}`, { at });
  return { recipe: readRecipe(recipe, error), assumed };
}

const headOf = ({ head }: Recipe): string => (head ? `a head of ${head.size} numbers` : 'no head');
