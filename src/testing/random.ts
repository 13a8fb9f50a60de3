/** @file Random numbers that are the same each time. */

import { uniforms } from '../bundle/random';

export { uniforms };

/** Normally distributed around 0 with a deviation of 1. */
export function normals(seed: number): () => number {
  const uniform = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** A direction. // [dims] */
export function randomUnit(dims: number, normal: () => number): number[] {
  const values = Array.from({ length: dims }, normal);
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}
