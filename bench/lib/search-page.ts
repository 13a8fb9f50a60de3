/** @file Code that `bench/search.ts` runs in the browser. */

import { PackedVectors, similarGroups, similarPairs, topK, type KernelName } from '../../src/search/vectors';
import { syntheticVectors } from './synthetic-vectors';

export interface SearchCase {
  rows: number;
  dims: number;
  limit: number;
  queries: number;
}

/** Ways to search: ours over packed vectors, and loops over float32. */
export type Way = 'ours' | 'plain' | 'unrolled';

export interface Agreement {
  kernel: KernelName;
  packedBytes: number;
  /** Share of the plain float32 loop's results that the search finds too. */
  recall: number;
  /** Whether rows, order and scores are those of a float64 loop over the stored vectors. */
  exact: boolean;
  /** Vectors computed in full, per query. */
  recomputed: number;
}

interface Library {
  floats: Float32Array;
  queries: Float32Array[];
}

let library: Library;
let packed: PackedVectors;

/** Everything that a page needs before it has vectors. */
export function makeVectors({ rows, dims, queries }: SearchCase): void {
  const next = syntheticVectors({ dims, seed: 1, outliers: 6 });
  const floats = new Float32Array(rows * dims);
  for (let row = 0; row < rows; row++) next(floats.subarray(row * dims, (row + 1) * dims));
  library = { floats, queries: Array.from({ length: queries }, () => new Float32Array(dims)) };
  library.queries.forEach(next);
}

/** Milliseconds. */
export function pack({ rows, dims }: SearchCase, kernel?: KernelName): number {
  const began = performance.now();
  packed = new PackedVectors({ dims, model: 'synthetic', kernel });
  for (let row = 0; row < rows; row++) packed.add(library.floats.subarray(row * dims, (row + 1) * dims));
  return performance.now() - began;
}

/** Milliseconds of each query. */
export function runQueries(search: SearchCase, way: Way): number[] {
  const run = {
    ours: (query: Float32Array) => topK(packed, query, { limit: search.limit }),
    plain: (query: Float32Array) => plainLoop(search, query, dotPlain),
    unrolled: (query: Float32Array) => plainLoop(search, query, dotUnrolled),
  }[way];
  return library.queries.map((query) => {
    const began = performance.now();
    run(query);
    return performance.now() - began;
  });
}

export function compare(search: SearchCase): Agreement {
  const { limit } = search;
  let found = 0;
  let recomputed = 0;
  let exact = true;
  for (const query of library.queries) {
    const best = topK(packed, query, { limit });
    const rows = new Set(best.rows);
    found += plainLoop(search, query, dotPlain).filter((row) => rows.has(row)).length;
    recomputed += best.recomputed;
    exact &&= isExact(packed, query, best);
  }
  const { length } = library.queries;
  return {
    kernel: packed.kernel.name,
    packedBytes: packed.bytes,
    exact,
    recall: found / (length * limit),
    recomputed: recomputed / length,
  };
}

let pictures: PackedVectors;

/** A library in which every fifth picture is another shot of the one before. */
export function makePictures(rows: number, dims: number): void {
  const next = syntheticVectors({ dims, seed: 3, outliers: 6 });
  pictures = new PackedVectors({ dims, model: 'synthetic' });
  const vector = new Float32Array(dims);
  const near = new Float32Array(dims);
  for (let row = 0; row < rows; row++) {
    if (row % 5 === 4) {
      next(near);
      for (let i = 0; i < dims; i++) vector[i]! += 0.2 * near[i]!;
      const length = Math.hypot(...vector);
      for (let i = 0; i < dims; i++) vector[i]! /= length;
    } else {
      next(vector);
    }
    pictures.add(vector);
  }
}

export async function measureGroups(threshold: number) {
  const began = performance.now();
  const pairs = await similarPairs(pictures, { threshold });
  const paired = performance.now();
  const groups = similarGroups(pairs, threshold);
  return {
    pairs: pairs.scores.length,
    groups: groups.length,
    pairing: paired - began,
    grouping: performance.now() - paired,
  };
}

function dotPlain(floats: Float32Array, at: number, query: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < query.length; i++) sum += floats[at + i]! * query[i]!;
  return sum;
}

function dotUnrolled(floats: Float32Array, at: number, query: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < query.length; i += 4) {
    a += floats[at + i]! * query[i]!;
    b += floats[at + i + 1]! * query[i + 1]!;
    c += floats[at + i + 2]! * query[i + 2]!;
    d += floats[at + i + 3]! * query[i + 3]!;
  }
  return a + b + c + d;
}

/** All scores, then the best of them. */
function plainLoop(search: SearchCase, query: Float32Array, dot: typeof dotPlain): number[] {
  const scores = new Float32Array(search.rows);
  for (let row = 0; row < search.rows; row++) scores[row] = dot(library.floats, row * search.dims, query);
  const floor = scores.slice().sort().at(-search.limit)!;
  const rows: number[] = [];
  for (let row = 0; row < search.rows; row++) if (scores[row]! >= floor) rows.push(row);
  return rows.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, search.limit);
}

function isExact(
  vectors: PackedVectors,
  query: Float32Array,
  best: { rows: Uint32Array; scores: Float64Array },
): boolean {
  const scores = new Float64Array(vectors.rows);
  const codes = new Int16Array(vectors.dims);
  for (let row = 0; row < vectors.rows; row++) {
    vectors.codes(row, codes);
    let sum = 0;
    for (let i = 0; i < codes.length; i++) sum += query[i]! * codes[i]!;
    scores[row] = (sum * vectors.scales[row]!) / 254;
  }
  const rows = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
  return Array.from(best.rows).every((row, at) => row === rows[at] && best.scores[at] === scores[row]);
}
