/**
 * @file Turns the vectors from the graph into what the caller gets: one or several, cut to fewer numbers if requested.
 */

import { InvalidInputError } from '../errors';
import { multiVector, type Embedding } from '../multi-vector';
import type { Recipe } from '../recipes';

/** @throws InvalidInputError for a length that the recipe does not offer */
export function checkDims(dims: number | undefined, recipe: Recipe, full: number): void {
  if (dims === undefined || dims === full) return;
  const offered = recipe.dims;
  const known =
    offered === undefined
      ? `${full} only`
      : 'sizes' in offered
        ? offered.sizes.join(', ')
        : `${offered.from} to ${full}`;
  const fits =
    Number.isInteger(dims) &&
    offered !== undefined &&
    dims < full &&
    ('sizes' in offered ? offered.sizes.includes(dims) : dims >= offered.from);
  if (!fits) {
    throw new InvalidInputError(`dims is ${dims}; vectors of ${recipe.title} have ${known}.`, { option: 'dims' });
  }
}

/** One vector, or with several per input all of them. */
export function shapeEmbedding(vectors: readonly Float32Array[], recipe: Recipe, dims?: number): Embedding {
  const cut = dims === undefined ? vectors : vectors.map((vector) => cutTo(vector, dims));
  return recipe.pooling === 'all' ? multiVector(cut) : cut[0]!;
}

/** The first numbers, of unit length again. // [dims] */
function cutTo(vector: Float32Array, dims: number): Float32Array {
  if (dims === vector.length) return vector;
  const cut = vector.slice(0, dims);
  const norm = Math.sqrt(cut.reduce((sum, value) => sum + value * value, 0));
  return norm === 0 ? cut : cut.map((value) => value / norm);
}
