/**
 * @file What adapters need from a model, so that test doubles and other models can be used as well as a loaded
 * `VLM2Vec`.
 */

import { expectArgument } from '../arguments';
import { InvalidInputError, UnsupportedError } from '../errors';
import { expectOptions } from '../hooks';
import type { EmbedInput, EmbedOptions, RecipeInfo } from '../runtime';

/** A model that adapters can use; a loaded `VLM2Vec` is one. */
export interface Embedder {
  /** Length of an embedding. */
  readonly dims: number;
  /** Only the recipe is used, if there is one: several vectors per input are refused. */
  readonly info?: { readonly recipe: Pick<RecipeInfo, 'title' | 'pooling'> & { readonly isRaw?: boolean } };
  /** Like `VLM2Vec.embed` for a list. // [dims] each */
  embed(inputs: readonly EmbedInput[], options?: EmbedOptions): Promise<Float32Array[]>;
}

/**
 * @param call the adapter's function
 * @throws InvalidInputError for a model or options that are none
 */
export function expectModel(call: string, model: unknown, options: unknown): void {
  const isModel = typeof model === 'object' && typeof (model as Embedder | null)?.embed === 'function';
  expectArgument(call, 'model', model, 'a model, for example from VLM2Vec.load', isModel);
  expectOptions(call, options);
}

export interface Embedded {
  /** The unit vectors, in order. // [dims] */
  vectors: Float32Array[];
  /** Total length of all sequences. */
  tokens: number;
}

/** @throws UnsupportedError if the recipe gives several vectors per input, and for dims that it does not offer */
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
 * The options with which a framework's queries are embedded. A recipe with templates has a role for queries. With
 * VLM2Vec a framework's texts search for texts as often as for pictures, so they are used as given unless there is an
 * instruction.
 */
export function querySide(model: Embedder, instruction?: string): Pick<EmbedOptions, 'role' | 'instruction'> {
  return model.info?.recipe.isRaw ? { instruction } : { role: 'query', instruction };
}

/**
 * Refuses what would otherwise be silently ignored. Fields that are undefined or null count as absent.
 * @param where name of the object in messages: `embeddings.create`
 * @throws UnsupportedError with the field's name in `details.field`
 */
export function refuseOthers(fields: object, known: readonly string[], where: string): void {
  for (const [field, value] of Object.entries(fields)) {
    if (value == null || known.includes(field)) continue;
    throw new UnsupportedError(`${where} does not support '${field}'.`, { field });
  }
}
