/**
 * @file `--recipe`: the name of a built-in recipe or a file with one's own; and what users should know about a recipe.
 */

import { existsSync } from 'node:fs';
import { parseRepository } from '../checkpoint/repository-name';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import { readWhole } from '../read-file.node.js';
import {
  readRecipe,
  recipeNamed,
  recipeOfRepository,
  recipes,
  type FoundRecipe,
  type Licence,
  type Recipe,
} from '../recipes';

/**
 * @param place a name, or a path of a JSON file: anything that ends in `.json`, has a slash, or is a file
 * @throws InvalidInputError for an unknown name; for a wrong record, naming the field
 */
export async function recipeAt(place: string, signal?: AbortSignal): Promise<Recipe> {
  const isName = recipes.some(({ name }) => name === place);
  if (isName || !(place.endsWith('.json') || /[\\/]/.test(place) || existsSync(place))) return recipeNamed(place);
  const bytes = await readWhole(place, signal).catch((cause: NodeJS.ErrnoException) => {
    signal?.throwIfAborted();
    throw new SourceNotFoundError(`The recipe ${place} cannot be read (${cause.code}).`, { recipe: place }, { cause });
  });
  return readRecipe(
    parseJson(new TextDecoder().decode(bytes), place),
    (at, what) => new InvalidInputError(`${place}: ${at}: ${what}`, { option: 'recipe', at }),
  );
}

/** The recipe of a folder or repository, by its name alone. */
export function recipeOfPlace(place: string): Recipe | undefined {
  return recipeOfRepository(parseRepository(place)?.repo ?? place);
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidInputError(`The recipe ${place} is not JSON (${reason}).`, { option: 'recipe' }, { cause });
  }
}

/**
 * Warnings to show before a checkpoint is used in this way: that its recipe is a guess, that its licence has limits.
 */
export function recipeWarnings({ recipe, assumed }: FoundRecipe): string[] {
  const warnings = assumed === null ? [] : [`${assumed} (convert --recipe <name>)`];
  return [...warnings, ...licenceWarnings(recipe)];
}

/** If the weights may not be used freely for every purpose, or if that is not known. */
export function licenceWarnings({ title, licence }: Recipe): string[] {
  return licence.commercial === true ? [] : [`The licence of ${title}'s weights: ${describeLicence(licence)}.`];
}

/** `Apache-2.0, commercial use allowed` */
export function describeLicence({ name, commercial }: Licence): string {
  if (name === null && commercial === null) return 'not known; ask the authors before you use them';
  const use =
    commercial === null
      ? 'whether commercial use is allowed is not known'
      : commercial
        ? 'commercial use allowed'
        : 'no commercial use';
  return `${name ?? 'without a name'}, ${use}`;
}
