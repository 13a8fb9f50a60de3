/** @file Principal components: the few directions in which vectors differ most, by subspace iteration on a sample. */

import { uniforms } from '../../bundle/random';

/** Vectors that the directions are computed from. */
const SAMPLE = 2000;
const ITERATIONS = 6;

export interface Projection {
  components: number;
  /** Into `out`, from `at` on. // [components] */
  project(vector: Float32Array, out: Float32Array, at: number): void;
}

/**
 * Computes them in pieces of some milliseconds.
 * @param vectors any of them, by number
 * @param components at most; fewer where there are fewer vectors or dimensions. Most telling first.
 * @param tell called after each piece, with how much is done, 0 to 1
 */
export async function principalComponents(
  count: number,
  vectors: (i: number) => Float32Array,
  dims: number,
  components: number,
  tell: (part: number) => Promise<void> = async () => undefined,
): Promise<Projection> {
  const size = Math.min(count, SAMPLE);
  const mean = new Float32Array(dims);
  const rows: Float32Array[] = [];
  for (let i = 0; i < size; i++) {
    const row = vectors(i);
    for (let j = 0; j < dims; j++) mean[j]! += row[j]! / size;
    rows.push(row);
    await tell(i / (size * (ITERATIONS + 1)));
  }
  for (const row of rows) for (let j = 0; j < dims; j++) row[j]! -= mean[j]!;
  const basis = startingBasis(Math.max(1, Math.min(components, size - 1, dims)), dims);
  for (let i = 0; i < ITERATIONS; i++) {
    const next = basis.map(() => new Float32Array(dims));
    for (const [r, row] of rows.entries()) {
      for (const [c, axis] of basis.entries()) addScaled(next[c]!, row, dot(row, axis));
      await tell((i + 1 + r / size) / (ITERATIONS + 1));
    }
    orthonormalize(next);
    for (const [c, axis] of next.entries()) basis[c]!.set(axis);
  }
  const offsets = basis.map((axis) => dot(axis, mean));
  return {
    components: basis.length,
    project: (vector, out, at) => {
      for (const [c, axis] of basis.entries()) out[at + c] = dot(vector, axis) - offsets[c]!;
    },
  };
}

/** In no special direction. */
function startingBasis(components: number, dims: number): Float32Array[] {
  const uniform = uniforms(1);
  const basis = Array.from({ length: components }, () => Float32Array.from({ length: dims }, () => uniform() - 0.5));
  orthonormalize(basis);
  return basis;
}

/** Gram and Schmidt. A direction that is left without length stays zero. */
function orthonormalize(basis: readonly Float32Array[]): void {
  for (const [c, axis] of basis.entries()) {
    const before = Math.sqrt(dot(axis, axis));
    for (let i = 0; i < c; i++) addScaled(axis, basis[i]!, -dot(axis, basis[i]!));
    const length = Math.sqrt(dot(axis, axis));
    const factor = length > 1e-6 * before && length > 0 ? 1 / length : 0;
    for (let j = 0; j < axis.length; j++) axis[j]! *= factor;
  }
}

function addScaled(into: Float32Array, vector: Float32Array, factor: number): void {
  for (let j = 0; j < into.length; j++) into[j]! += vector[j]! * factor;
}

function dot(a: Float32Array, b: Float32Array): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let j = 0;
  for (; j + 3 < a.length; j += 4) {
    s0 += a[j]! * b[j]!;
    s1 += a[j + 1]! * b[j + 1]!;
    s2 += a[j + 2]! * b[j + 2]!;
    s3 += a[j + 3]! * b[j + 3]!;
  }
  for (; j < a.length; j++) s0 += a[j]! * b[j]!;
  return s0 + s1 + s2 + s3;
}
