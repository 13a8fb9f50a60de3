/** @file Several vectors of one input, and how two such are compared. */

import { InvalidInputError } from './errors';

/** An embedding of many vectors, one per token, each of unit length. Plain data: it can be sent, stored and compared. */
export interface MultiVector {
  /** All of them, one after another. // [count, dims] */
  readonly data: Float32Array;
  /** How many: one per token of the prompt, those of its pictures included. */
  readonly count: number;
  /** Length of each. */
  readonly dims: number;
}

/** What a model gives for an input: one vector, or with some recipes several. */
export type Embedding = Float32Array | MultiVector;

/** Tells embeddings of several vectors from single ones, after a worker or a file too. */
export function isMultiVector(value: unknown): value is MultiVector {
  return typeof value === 'object' && value !== null && 'data' in value && 'count' in value && 'dims' in value;
}

/** Vectors of one length as one. // [count][dims] */
export function multiVector(vectors: readonly Float32Array[]): MultiVector {
  const dims = vectors[0]?.length ?? 0;
  const data = new Float32Array(vectors.length * dims);
  vectors.forEach((vector, i) => data.set(vector, i * dims));
  return { data, count: vectors.length, dims };
}

/**
 * MaxSim, the score of ColBERT and ColPali: for each vector of the query its best dot product with any of the document's,
 * added up. Not symmetric, and not bounded by 1.
 * @throws InvalidInputError where their lengths differ
 */
export function maxSim(query: MultiVector, document: MultiVector): number {
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
