/** @file A recipe as a caller names it. */

import { InvalidInputError } from '../errors';
import { recipeNamed } from './list';
import { readRecipe } from './read';
import type { Recipe } from './recipe';

/** A recipe by its name, or one's own record. */
export type RecipeChoice = string | Recipe;

/**
 * The recipe that an option names.
 *
 * @throws InvalidInputError for a name that is not known, and for a record, naming the field that is wrong
 */
export function recipeOption(choice: RecipeChoice): Recipe {
  if (typeof choice === 'string') return recipeNamed(choice);
  return readRecipe(choice, (at, what) => new InvalidInputError(`${at}: ${what}`, { option: 'recipe', at }));
}
