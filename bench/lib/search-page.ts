/** @file What `bench/search.ts` has the browser do. */

import { PackedVectors, similarGroups, similarPairs, topK, type KernelName } from '../../src/search/vectors';
import { syntheticVectors } from './synthetic-vectors';

export interface SearchCase {
  rows: number;
  dims: number;
  limit: number;
  queries: number;
}

export interface SearchFigures {
  /** Milliseconds of one search each. */
  times: Record<'simd' | 'js' | 'plain' | 'unrolled', number[]>;
  /** Milliseconds. */
  packing: number;
  packedBytes: number;
  /** Share of the plain float32 loop's results that the search gives as well. */
  recall: number;
  /** Whether rows, order and scores are those of a float64 loop over the stored vectors. */
  exact: boolean;
  kernel: KernelName;
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

export function measureSearch(search: SearchCase): SearchFigures {
  const { limit } = search;
  const packing = pack(search);
  const times: SearchFigures['times'] = { simd: [], js: [], plain: [], unrolled: [] };
  const timed = <T>(name: keyof typeof times, action: () => T): T => {
    const began = performance.now();
    const result = action();
    times[name].push(performance.now() - began);
    return result;
  };
  let found = 0;
  let recomputed = 0;
  let exact = true;
  const kernel = packed.kernel.name;
  const packedBytes = packed.bytes;
  // Once each beforehand, for the compilers.
  topK(packed, library.queries[0]!, { limit });
  plainLoop(search, library.queries[0]!, dotPlain);
  plainLoop(search, library.queries[0]!, dotUnrolled);
  for (const query of library.queries) {
    const best = timed('simd', () => topK(packed, query, { limit }));
    const plain = timed('plain', () => plainLoop(search, query, dotPlain));
    timed('unrolled', () => plainLoop(search, query, dotUnrolled));
    const rows = new Set(best.rows);
    found += plain.filter((row) => rows.has(row)).length;
    recomputed += best.recomputed;
    exact &&= isExact(packed, query, best);
  }
  pack(search, 'js');
  topK(packed, library.queries[0]!, { limit });
  for (const query of library.queries) timed('js', () => topK(packed, query, { limit }));
  const { length } = library.queries;
  return { times, packing, packedBytes, kernel, exact, recall: found / (length * limit), recomputed: recomputed / length };
}

export async function measureGroups(rows: number, dims: number, threshold: number) {
  const next = syntheticVectors({ dims, seed: 3, outliers: 6 });
  const vectors = new PackedVectors({ dims, model: 'synthetic' });
  const vector = new Float32Array(dims);
  const near = new Float32Array(dims);
  for (let row = 0; row < rows; row++) {
    // Every fifth is another shot of the one before.
    if (row % 5 === 4) {
      next(near);
      for (let i = 0; i < dims; i++) vector[i]! += 0.2 * near[i]!;
      const length = Math.hypot(...vector);
      for (let i = 0; i < dims; i++) vector[i]! /= length;
    } else {
      next(vector);
    }
    vectors.add(vector);
  }
  const began = performance.now();
  const pairs = await similarPairs(vectors, { threshold });
  const paired = performance.now();
  const groups = similarGroups(pairs, threshold);
  return { pairs: pairs.scores.length, groups: groups.length, pairing: paired - began, grouping: performance.now() - paired };
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

function isExact(vectors: PackedVectors, query: Float32Array, best: { rows: Uint32Array; scores: Float64Array }): boolean {
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
