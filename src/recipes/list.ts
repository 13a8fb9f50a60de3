/** @file The list of recipes, and how the recipe of a checkpoint is found. */

import { deepFreeze } from '../bundle/deep-freeze';
import { InvalidInputError } from '../errors';
import { b3 } from './b3';
import { colqwen2 } from './colqwen2';
import { dse, mcdse, vdr } from './dse';
import { gme, opsMmV1, rzenEmbed } from './gme';
import { qwen3VLEmbedding } from './qwen3-vl-embedding';
import type { Recipe } from './recipe';
import { siglip2 } from './siglip2';
import { lamraRet, unite } from './unite';
import { unimeV2 } from './unime-v2';
import { vlm2vec, vlm2vecV2 } from './vlm2vec';

/** All recipes included in the package. */
export const recipes: readonly Recipe[] = /* @__PURE__ */ deepFreeze([
  vlm2vec,
  vlm2vecV2,
  b3,
  opsMmV1,
  qwen3VLEmbedding,
  gme,
  dse,
  vdr,
  mcdse,
  colqwen2,
  rzenEmbed,
  unite,
  unimeV2,
  lamraRet,
  siglip2,
]);

/** @throws InvalidInputError for a name that no recipe has */
export function recipeNamed(name: string): Recipe {
  const found = recipes.find((recipe) => recipe.name === name);
  if (found) return found;
  const known = recipes.map((recipe) => recipe.name).join(', ');
  throw new InvalidInputError(`There is no recipe ${JSON.stringify(name)}; known recipes are ${known}.`, {
    option: 'recipe',
  });
}

/** What is known about a checkpoint that tells its recipe. */
export interface RecipeEvidence {
  /** Repository or folder of the base model, and of its adapter. */
  readonly base: string;
  readonly adapter: string | null;
  readonly architecture: string;
  /** The recipe for a checkpoint of this architecture if nothing else identifies it. */
  readonly fallback: string;
  /** Whether the checkpoint has a tensor of this canonical name. */
  hasTensor(name: string): boolean;
}

/** A recipe, and whether it is known to be the right one. */
export interface FoundRecipe {
  readonly recipe: Recipe;
  /** Why it was assumed, if nothing names it; null if the repository, or a folder of its name, is known. */
  readonly assumed: string | null;
}

/**
 * Finds the recipe of a checkpoint: by its repository, otherwise by its tensors, otherwise the first one of its
 * architecture.
 */
export function findRecipe({ base, adapter, architecture, fallback, hasTensor }: RecipeEvidence): FoundRecipe {
  const ids = adapter === null ? [base] : [adapter, base];
  for (const id of ids) {
    const named = recipeOfRepository(id);
    if (named?.architectures.includes(architecture)) return { recipe: named, assumed: otherOwner(id, named) };
  }
  const what = ids[0]!;
  const headed = recipes.find(
    ({ head, architectures }) => head && architectures.includes(architecture) && hasTensor(head.weight),
  );
  if (headed) {
    return {
      recipe: headed,
      assumed: `${what} is not a known repository, but has the weight ${headed.head!.weight} of ${headed.title}.`,
    };
  }
  return {
    recipe: recipeNamed(fallback),
    assumed:
      `${what} is not a known repository, so it is prompted as ${recipeNamed(fallback).title} is. If that is not how ` +
      'it was trained, its vectors are wrong: name its recipe.',
  };
}

/** Returns the recipe for which this repository, or a folder of its name, is the published checkpoint. */
export function recipeOfRepository(id: string): Recipe | undefined {
  return recipes.find(({ hub }) => hub.some((repository) => isRepository(id, repository)));
}

/**
 * A folder has only the bare name of a repository; a repository of another owner may be a copy or something else
 * entirely.
 */
function otherOwner(id: string, { hub, title }: Recipe): string | null {
  if (!id.includes('/') || hub.includes(id)) return null;
  const known = hub.find((repository) => isRepository(id, repository))!;
  return (
    `${id} is not a known repository, but has the name of ${known}, so it is prompted as ${title} is. If it is not a copy of ` +
    'that, its vectors are wrong: name its recipe.'
  );
}

/** True for the repository's id and for its bare name, which a folder on disk has. */
function isRepository(id: string, repository: string): boolean {
  const name = repository.slice(repository.indexOf('/') + 1);
  return id === repository || id.split(/[\\/]/).filter(Boolean).at(-1) === name;
}
