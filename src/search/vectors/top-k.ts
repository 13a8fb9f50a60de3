/**
 * @file Exact search: the best rows of a library for a query, by dot product.
 *
 * What "exact" means: rows, their order and their scores are those of a plain float64 loop over the stored vectors (16
 * bits per number) with the query as given; among equal scores, lower rows come first. The scan reads only the coarse
 * bytes, with the query in 16 bits. The maximum error of that is known for each row, so every row that could be among
 * the best, and few others, is then computed in full.
 */

import { expectArgument, isListLike, isRecord } from '../../arguments';
import { InvalidInputError } from '../../errors';
import { Best, type Scored } from './best';
import { Bitset } from './bitset';
import { FINE } from './codes';
import { MAX_ROWS } from './dot-kernel';
import { int16Query } from './int16-query';
import { expectPacked, type PackedVectors } from './packed-vectors';
import { statisticsOf, type ScoreStatistics } from './score-statistics';

/** Options of {@link topK}. */
export interface TopKOptions {
  /** Maximum number of rows to return. */
  limit: number;
  /** Only these rows. Its length is the number of rows. */
  filter?: Bitset;
}

/** What {@link topK} found. */
export interface TopK extends Scored {
  /** Number of vectors that pass the filter. */
  candidates: number;
  /**
   * Statistics of the scores of all vectors, filtered or not, computed from their coarse bytes: accurate to about 1e-4.
   */
  statistics: ScoreStatistics;
  /** How many vectors were computed in full. */
  recomputed: number;
}

/**
 * Finds the `limit` best rows.
 * @param query the scores are its dot products with the vectors; these are cosines if it and the vectors have unit
 *   length // [dims]
 * @throws InvalidInputError for a query of zeros, NaN, infinities or a wrong length, or a filter of a wrong length
 */
export function topK(vectors: PackedVectors, query: ArrayLike<number>, options: TopKOptions): TopK {
  expectPacked('topK', vectors);
  expectArgument('topK', 'query', query, 'a list of numbers', isListLike(query));
  expectArgument('topK', 'options', options, 'an object with a limit', isRecord(options));
  const { filter } = options;
  expectArgument('topK', 'filter', filter, 'a Bitset', filter === undefined || filter instanceof Bitset);
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
 * Rows that could be among the best, the most promising first. {@link topK} reads the fine bytes of no others, and
 * stops when no further row could qualify.
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

/** Computes the scores of given rows, exact as in {@link topK}. @throws InvalidInputError if a row is free */
export function scoresOf(vectors: PackedVectors, query: ArrayLike<number>, rows: ArrayLike<number>): Float64Array {
  expectPacked('scoresOf', vectors);
  expectArgument('scoresOf', 'query', query, 'a list of numbers', isListLike(query));
  expectArgument('scoresOf', 'rows', rows, 'a list of row numbers', isListLike(rows));
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
  /** By row, from coarse bytes; meaningless for free rows. */
  scores: Float64Array;
  /** The maximum error of a row's score. */
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
  let sum = 0;
  for (let i = 0; i < query.length; i++) {
    squares += query[i]! * query[i]!;
    sum += Math.abs(query[i]!);
  }
  // |query · fine part| ≤ |query| · |fine part|, and ≤ Σ|query| · the largest fine part of a number, which is the lower
  // bound of the two where the fine bytes have not been read. |query's residue · coarse part| ≤ Σ|residue| · 128 · scale.
  // The last factor is for float64's own rounding, here and in exactScore.
  const length = Math.sqrt(squares) * (1 + 1e-9);
  const finePerScale = ((sum * 128) / FINE) * (1 + 1e-9);
  const perScale = residue * 128 + length * vectors.dims * 1e-11;
  return {
    scores,
    margin: (row) => Math.min(length * fineLengths[row]!, finePerScale * scales[row]!) + perScale * scales[row]!,
  };
}

/** In float64, term after term. */
function exactScore(vectors: PackedVectors, query: ArrayLike<number>, row: number): number {
  const coarse = vectors.coarse(row);
  const fine = vectors.fine(row);
  let sum = 0;
  for (let i = 0; i < coarse.length; i++) sum += query[i]! * (FINE * coarse[i]! + fine[i]!);
  return (sum * vectors.scales[row]!) / FINE;
}
