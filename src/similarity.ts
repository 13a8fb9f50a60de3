/** @file How alike two embeddings are. */

import { InvalidInputError } from './errors';

/**
 * Cosine of two unit vectors, that is their dot product. // [dims], [dims]
 * @throws InvalidInputError where lengths differ
 */
export function similarity(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) {
    throw new InvalidInputError(`The vectors have ${a.length} and ${b.length} dimensions; they are of different models.`);
  }
  let dot = 0;
  for (let i = 0; i < a.length; i++) dot += a[i]! * b[i]!;
  return dot;
}
