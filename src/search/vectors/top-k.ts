/**
 * @file Exact search: the best rows of a library for a query, by dot product.
 *
 * What "exact" means: rows, their order and their scores are those of a plain loop in float64 over the vectors as they
 * are stored (16 bits per number) with the query as it is given, lower rows first among equals. The scan reads the
 * coarse bytes alone and the query in 16 bits; how far that may be off is known for each row, so every row that could
 * be among the best, and few others, is then computed in full.
 */

import { InvalidInputError } from '../../errors';
import { Best, type Scored } from './best';
import type { Bitset } from './bitset';
import { FINE } from './codes';
import { MAX_ROWS } from './dot-kernel';
import { int16Query } from './int16-query';
import type { PackedVectors } from './packed-vectors';
import { statisticsOf, type ScoreStatistics } from './score-statistics';

/** Of {@link topK}. */
export interface TopKOptions {
  /** How many rows. */
  limit: number;
  /** Only these rows. Its length is the number of rows. */
  filter?: Bitset;
}

/** What {@link topK} found. */
export interface TopK extends Scored {
  /** Vectors that the filter let through. */
  candidates: number;
  /** Of the scores of all vectors, filtered or not, from their coarse bytes: off by about 1e-4. */
  statistics: ScoreStatistics;
  /** How many vectors were computed in full. */
  recomputed: number;
}

/**
 * The `limit` best rows.
 * @param query its dot products are the scores: cosines, where it and the vectors have unit length // [dims]
 * @throws InvalidInputError for a query of zeros, NaN, infinities or another length, or a filter of another length
 */
export function topK(vectors: PackedVectors, query: ArrayLike<number>, options: TopKOptions): TopK {
  const { scores, margin, rows, candidates, k } = promising(vectors, query, options);
  const best = new Best(k);
  let recomputed = 0;
  for (const row of rows) {
    if (scores[row]! + margin(row) < best.floor) break;
    recomputed++;
    best.offer(row, exactScore(vectors, query, row));
  }
  return { ...best.take(), candidates, recomputed, statistics: statisticsOf(vectors, scores) };
}

/**
 * Rows that could be among the best, the most promising first: {@link topK} looks at the fine bytes of no others, and stops where no
 * further one could be.
 */
export function promisingRows(vectors: PackedVectors, query: ArrayLike<number>, options: TopKOptions): number[] {
  return promising(vectors, query, options).rows;
}

function promising(
  vectors: PackedVectors,
  query: ArrayLike<number>,
  { limit, filter }: TopKOptions,
): Scan & { rows: number[]; candidates: number; k: number } {
  checkQuery(vectors, query);
  if (filter && filter.length !== vectors.rows) {
    throw new InvalidInputError(`The filter is for ${filter.length} rows; there are ${vectors.rows}.`);
  }
  if (!(limit >= 0)) throw new InvalidInputError(`A limit of ${limit}.`);
  const { scores, margin } = scan(vectors, query);
  const scales = vectors.scales;
  const k = Math.min(Math.floor(limit), vectors.size);

  const certain = new Best(k); // of the least that each score can be
  let candidates = 0;
  for (let row = 0; row < scores.length; row++) {
    if (scales[row] === 0 || (filter && !filter.has(row))) continue;
    candidates++;
    const least = scores[row]! - margin(row);
    if (least >= certain.floor) certain.offer(row, least);
  }

  // Those that could be among the best, the most promising first, until none is left that could.
  const { floor } = certain;
  const rows: number[] = [];
  for (let row = 0; row < scores.length; row++) {
    if (scales[row] === 0 || scores[row]! + margin(row) < floor || (filter && !filter.has(row))) continue;
    rows.push(row);
  }
  rows.sort((a, b) => scores[b]! + margin(b) - scores[a]! - margin(a));
  return { scores, margin, rows, candidates, k };
}

/** Scores of given rows, exact as in {@link topK}. @throws InvalidInputError where a row is free */
export function scoresOf(vectors: PackedVectors, query: ArrayLike<number>, rows: ArrayLike<number>): Float64Array {
  checkQuery(vectors, query);
  return Float64Array.from(rows, (row) => {
    if (!vectors.has(row)) throw new InvalidInputError(`There is no vector in row ${row}.`);
    return exactScore(vectors, query, row);
  });
}

function checkQuery(vectors: PackedVectors, query: ArrayLike<number>): void {
  if (query.length === vectors.dims) return;
  throw new InvalidInputError(
    `The query has ${query.length} dimensions, but the library's vectors have ${vectors.dims}.`,
  );
}

interface Scan {
  /** By row, from coarse bytes; of no meaning for free rows. */
  scores: Float64Array;
  /** How far the score of a row may be off. */
  margin(row: number): number;
}

function scan(vectors: PackedVectors, query: ArrayLike<number>): Scan {
  const { kernel, stride, rows, scales, fineLengths } = vectors;
  const { codes, factor, residue } = int16Query(query);
  const scores = new Float64Array(rows);
  kernel.load(codes);
  for (let first = 0; first < rows; first += MAX_ROWS) {
    const count = Math.min(MAX_ROWS, rows - first);
    const sums = kernel.dots(first * stride, stride, count);
    for (let i = 0; i < count; i++) scores[first + i] = (sums[i]! * scales[first + i]!) / factor;
  }
  let squares = 0;
  for (let i = 0; i < query.length; i++) squares += query[i]! * query[i]!;
  // |query · fine part| ≤ |query| · |fine part|, and |query's residue · coarse part| ≤ Σ|residue| · 128 · scale. The
  // last factor is for float64's own rounding, here and in exactScore.
  const length = Math.sqrt(squares) * (1 + 1e-9);
  const perScale = residue * 128 + length * vectors.dims * 1e-11;
  return { scores, margin: (row) => length * fineLengths[row]! + perScale * scales[row]! };
}

/** In float64, term after term. */
function exactScore(vectors: PackedVectors, query: ArrayLike<number>, row: number): number {
  const coarse = vectors.coarse(row);
  const fine = vectors.fine(row);
  let sum = 0;
  for (let i = 0; i < coarse.length; i++) sum += query[i]! * (FINE * coarse[i]! + fine[i]!);
  return (sum * vectors.scales[row]!) / FINE;
}
