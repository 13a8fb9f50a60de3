/** @file Several vectors for one input, and how two such embeddings are compared. */

import { InvalidInputError } from './errors';

/**
 * An embedding made of many vectors, one per token, each of unit length. Plain data: it can be sent, stored and
 * compared.
 */
export interface MultiVector {
  /** All vectors, one after another. // [count, dims] */
  readonly data: Float32Array;
  /** Number of vectors: one per token of the prompt, including those of its pictures. */
  readonly count: number;
  /** Length of each vector. */
  readonly dims: number;
}

/** What a model returns for an input: one vector or, with some recipes, several. */
export type Embedding = Float32Array | MultiVector;

/** Tells whether an embedding has several vectors. It also works on data that came from a worker or a file. */
export function isMultiVector(value: unknown): value is MultiVector {
  return typeof value === 'object' && value !== null && 'data' in value && 'count' in value && 'dims' in value;
}

/** Combines vectors of the same length into one embedding. // [count][dims] */
export function multiVector(vectors: readonly Float32Array[]): MultiVector {
  const dims = vectors[0]?.length ?? 0;
  const data = new Float32Array(vectors.length * dims);
  vectors.forEach((vector, i) => data.set(vector, i * dims));
  return { data, count: vectors.length, dims };
}

/**
 * MaxSim, the score of ColBERT and ColPali: the sum, over the query's vectors, of each one's best dot product with any
 * of the document's vectors. It is neither symmetric nor bounded by 1.
 * @throws InvalidInputError if their lengths differ, and for anything else than two such embeddings
 */
export function maxSim(query: MultiVector, document: MultiVector): number {
  for (const each of [query, document]) {
    if (!isMultiVector(each)) throw new InvalidInputError('maxSim takes two embeddings of several vectors.');
  }
  const { dims } = query;
  if (dims !== document.dims) {
    throw new InvalidInputError(
      `The vectors have ${dims} and ${document.dims} dimensions; they come from different models.`,
    );
  }
  let sum = 0;
  for (let q = 0; q < query.count; q++) {
    let best = -Infinity;
    for (let d = 0; d < document.count; d++) {
      let dot = 0;
      for (let i = 0; i < dims; i++) dot += query.data[q * dims + i]! * document.data[d * dims + i]!;
      if (dot > best) best = dot;
    }
    sum += best;
  }
  return sum;
}
