/**
 * @file Unit vectors distributed like the embeddings of a photo library: around many centres of very different
 * popularity, all of them somewhat in one direction, some dimensions much larger than others.
 */

import { normals, uniforms } from '../../src/testing/random';

const CENTRES = 500;
/** The lengths of the part that all vectors share, of the part that a centre adds, and of a vector's own part. */
const SHARED = 0.6;
const CENTRE = 0.6;
const OWN = 0.7;

export interface SyntheticOptions {
  dims: number;
  seed: number;
  /** Dimensions ten times as large as the others. @default 0 */
  outliers?: number;
}

/** Each call writes the next vector. // out [dims] */
export function syntheticVectors({ dims, seed, outliers = 0 }: SyntheticOptions): (out: Float32Array) => void {
  const normal = normals(seed);
  const uniform = uniforms(seed + 1);
  const width = Float32Array.from({ length: dims }, (_, i) => Math.exp(normal() / 2) * (i < outliers ? 10 : 1));
  const shared = Float32Array.from({ length: dims }, () => SHARED * normal());
  const centres = Array.from({ length: CENTRES }, () => Float32Array.from(shared, (x) => x + CENTRE * normal()));
  return (out) => {
    // Popularity falls as one over the rank.
    const centre = centres[Math.floor(CENTRES ** uniform()) - 1]!;
    let squares = 0;
    for (let i = 0; i < dims; i++) {
      const value = (centre[i]! + OWN * normal()) * width[i]!;
      out[i] = value;
      squares += value * value;
    }
    const length = Math.sqrt(squares);
    for (let i = 0; i < dims; i++) out[i]! /= length;
  };
}
