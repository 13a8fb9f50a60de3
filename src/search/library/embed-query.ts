/** @file A query → vectors: its parts become inputs with the role of queries, which are embedded in one call. */

import { InvalidInputError } from '../../errors';
import { queryPrompt } from '../prompts';
import type { EmbedderInput, EmbedderRecipe, QueryPart, SearchQuery } from '../types';
import type { VectorPart, VectorQuery } from './find';

/** Its arguments. */
export interface Means {
  embed(inputs: readonly EmbedderInput[]): Promise<Float32Array[]>;
  /** If it is not known, prompts are complete strings. */
  recipe?: EmbedderRecipe;
  /** The original of a picture of the index. */
  file(id: number): Promise<Blob>;
}

/** A part of a query: to be embedded, or with its vector already known. */
type Asked = { input: EmbedderInput; weight?: number } | { id: number; weight?: number };

/**
 * Resolves to the embedded query, and how long embedding took.
 * @throws InvalidInputError if a part is empty, and for a template if the recipe has its own; whatever `embed` and
 * `file` throw
 */
export async function embedQuery(
  { text, image, instruction, combine = [], exclude = [], filter, limit }: SearchQuery,
  means: Means,
): Promise<{ query: VectorQuery; milliseconds: number }> {
  const main = text || image !== undefined ? [ask({ text, image }, means, instruction)] : [];
  const include = await Promise.all([...main, ...combine.map((part) => ask(part, means))]);
  const without = await Promise.all(exclude.map((part) => ask(part, means)));
  const inputs = [...include, ...without].flatMap((asked) => ('input' in asked ? [asked.input] : []));
  const start = performance.now();
  const vectors = inputs.length > 0 ? await means.embed(inputs) : [];
  const milliseconds = inputs.length > 0 ? performance.now() - start : 0;
  const embedded = (asked: Asked): VectorPart =>
    'input' in asked ? { vector: vectors[inputs.indexOf(asked.input)]!, weight: asked.weight } : asked;
  return {
    query: {
      include: include.map(embedded),
      exclude: without.map(embedded),
      omit: [{ image }, ...combine].flatMap(({ image: each }) => (each && 'id' in each ? [each.id] : [])),
      filter,
      limit,
    },
    milliseconds,
  };
}

/** The input to embed for a part; for a picture of the index alone, its stored vector. */
async function ask({ text, image, weight }: QueryPart, means: Means, instruction?: string): Promise<Asked> {
  if (!text && image === undefined) throw new InvalidInputError('A part of the query has neither text nor picture.');
  if (!text && image && 'id' in image && instruction === undefined) return { id: image.id, weight };
  const input = worded(text, means.recipe, instruction);
  if (image !== undefined) input.image = 'id' in image ? await means.file(image.id) : image;
  return { input, weight };
}

function worded(text: string | undefined, recipe: EmbedderRecipe | undefined, instruction?: string): EmbedderInput {
  const words = text ? { text } : {};
  if (instruction === undefined) return { ...words, role: 'query' };
  if (recipe === undefined || recipe.isRaw) return { text: queryPrompt(instruction, text) };
  if (!/\{(text|image)\}/.test(instruction)) return { ...words, role: 'query', instruction };
  throw new InvalidInputError(
    `${recipe.title} has its own prompt: give an instruction without {text} and {image}, or none.`,
    { option: 'instruction' },
  );
}
