/** @file A recipe as a caller specifies it. */

import { InvalidInputError } from '../errors';
import { recipeNamed } from './list';
import { readRecipe } from './read';
import type { Recipe } from './recipe';

/** The name of a recipe, or a record of your own. */
export type RecipeChoice = string | Recipe;

/**
 * Returns the recipe that an option specifies.
 *
 * @throws InvalidInputError for an unknown name, and for a record with an error, naming the field that is wrong
 */
export function recipeOption(choice: RecipeChoice): Recipe {
  if (typeof choice === 'string') return recipeNamed(choice);
  return readRecipe(choice, (at, what) => new InvalidInputError(`${at}: ${what}`, { option: 'recipe', at }));
}
