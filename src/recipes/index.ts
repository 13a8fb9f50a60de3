/** @file How inputs are presented to published checkpoints, as data. */

export { recipeOption, type RecipeChoice } from './choice';
export { compose, queryInputs, type ComposedPrompt, type PromptRequest } from './compose';
export { readRecipe, recipeToJson } from './read';
export type { InputKind, Licence, PublishedScore, RawPrompt, Recipe, RecipeHead, Role, Templates } from './recipe';
export { findRecipe, recipeNamed, recipeOfRepository, recipes, type FoundRecipe, type RecipeEvidence } from './list';
export { publishedFiles, type PublishedFiles } from './published-files';
export { V2_STEPS } from './vlm2vec';
