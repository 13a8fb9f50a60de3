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

/** Reproducible numbers, about normal. */
export function aboutNormal(count: number, seed: number): Float32Array {
  let state = seed;
  const uniform = () => (state = (state * 16807) % 2147483647) / 2147483647;
  return Float32Array.from({ length: count }, () => uniform() + uniform() + uniform() + uniform() - 2);
}
