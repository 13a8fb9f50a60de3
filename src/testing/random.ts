/** @file Random numbers that are the same each time. */

/** Between 0 and 1, both exclusive. */
export function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  const next = () => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return next;
}

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
