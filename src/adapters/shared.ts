/** @file What adapters need of a model, so that tests and other models fit as well as a loaded `VLM2Vec`. */

import { InvalidInputError, UnsupportedError } from '../errors';
import type { EmbedInput, EmbedOptions, RecipeInfo } from '../runtime';

/** A loaded `VLM2Vec` is one. */
export interface Embedder {
  /** Length of an embedding. */
  readonly dims: number;
  /** Of it the recipe, where there is one: several vectors per input are refused. */
  readonly info?: { readonly recipe: Pick<RecipeInfo, 'title' | 'pooling'> & { readonly isRaw?: boolean } };
  /** As `VLM2Vec.embed` of a list. // [dims] each */
  embed(inputs: readonly EmbedInput[], options?: EmbedOptions): Promise<Float32Array[]>;
}

export interface Embedded {
  /** Unit vectors, in order. // [dims] */
  vectors: Float32Array[];
  /** Length of all sequences together. */
  tokens: number;
}

/** @throws UnsupportedError where the recipe gives several vectors per input, and for dims that it does not offer */
export async function embedAll(
  model: Embedder,
  inputs: readonly EmbedInput[],
  options: Omit<EmbedOptions, 'onUsage'> = {},
): Promise<Embedded> {
  let tokens = 0;
  const recipe = model.info?.recipe;
  if (recipe?.pooling === 'all') {
    throw new UnsupportedError(
      `${recipe.title} gives several vectors per input, but this interface only has room for one.`,
      {
        field: 'model',
      },
    );
  }
  try {
    const vectors = await model.embed(inputs, { ...options, onUsage: (usage) => (tokens = usage.tokens) });
    return { vectors, tokens };
  } catch (error) {
    if (!(error instanceof InvalidInputError) || error.details.option !== 'dims') throw error;
    throw new UnsupportedError(error.message, { field: 'dimensions' }, { cause: error });
  }
}

/**
 * What a framework's queries are asked with. A recipe of templates has a side for them; with VLM2Vec a framework's texts look
 * for texts as often as for pictures, so they stay as given unless an instruction says more.
 */
export function querySide(model: Embedder, instruction?: string): Pick<EmbedOptions, 'role' | 'instruction'> {
  return model.info?.recipe.isRaw ? { instruction } : { role: 'query', instruction };
}

/**
 * Refuses what would otherwise be silently ignored. Fields that are undefined or null count as absent.
 * @param where names the object for people: `embeddings.create`
 * @throws UnsupportedError with the field's name in `details.field`
 */
export function refuseOthers(fields: object, known: readonly string[], where: string): void {
  for (const [field, value] of Object.entries(fields)) {
    if (value == null || known.includes(field)) continue;
    throw new UnsupportedError(`${where} does not support '${field}'.`, { field });
  }
}
