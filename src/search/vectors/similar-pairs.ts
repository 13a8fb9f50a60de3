/**
 * @file All pairs of similar vectors: every pair whose score reaches a threshold and no other, exact as in `top-k.ts`.
 *
 * Half a library squared is too much to compute in full, and nearly all pairs are far from similar. So each pair is
 * examined only as long as it might be similar: first the beginning of the vectors' coarse bytes, where the rest can
 * add no more than the product of its lengths; then all coarse bytes, whose error is at most the length of the fine
 * ones; then everything. The size of "the beginning" is chosen from a sample. Blocks of rows are small enough to stay
 * in the cache.
 */

import { expectArgument, isRecord } from '../../arguments';
import { InvalidInputError } from '../../errors';
import { Turns } from '../turns';
import type { Bitset } from './bitset';
import { FINE } from './codes';
import { LANES } from './dot-kernel';
import { expectPacked, type PackedVectors } from './packed-vectors';

/** Options of {@link similarPairs}. */
export interface SimilarPairsOptions {
  /** Lowest score of a pair, −1 to 1 for vectors of unit length. */
  threshold: number;
  /** Only these rows. Its length is the number of rows. */
  rows?: Bitset;
  /** Maximum number of pairs, at most 2^21. If there are more, the threshold is raised until they fit. @default 2^20 */
  maxPairs?: number;
  /** Aborts the call, which then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called with the fraction that is done, 0 to 1. */
  onProgress?: (fraction: number) => void;
}

/** Pairs of rows, best first. */
export interface SimilarPairs {
  /** One row of each pair … // [pairs] */
  first: Uint32Array;
  /** … and the other. // [pairs] */
  second: Uint32Array;
  /** Descending. */
  scores: Float32Array;
  /**
   * All pairs with at least this score are included. It is the requested threshold, or a higher one if there were too
   * many pairs.
   */
  threshold: number;
  /** Maps each row that equals an earlier one up to rounding to that row. Such rows are in no pair. */
  same: Map<number, number>;
}

/** Most pairs whose order fits into a float64 beside their scores. */
const MOST_PAIRS = 2 ** 21;
/** Rows of one block. */
const BLOCK = 256;
/** Codes of a part of a vector whose product with any coarse bytes fits int32: 512 · 32385 · 128 < 2^31. */
const PART = 512;
/** From this cosine on vectors are the same. */
const SAME = 0.99999;
/** Pairs above this score are always computed in full, so that identical ones are found. */
const SIMILAR = 0.9998;

/**
 * Finds all similar pairs. Other tasks can run in between; the vectors must not change meanwhile.
 * @throws InvalidInputError if the threshold is not a number or the filter has a different length; the signal's reason
 */
export async function similarPairs(vectors: PackedVectors, options: SimilarPairsOptions): Promise<SimilarPairs> {
  expectPacked('similarPairs', vectors);
  expectArgument('similarPairs', 'options', options, 'an object with a threshold', isRecord(options));
  const { threshold, rows, signal, onProgress, maxPairs = 2 ** 20 } = options;
  if (!(threshold >= -1 && threshold <= 1)) throw new InvalidInputError(`A threshold of ${threshold}.`);
  if (rows && rows.length !== vectors.rows) {
    throw new InvalidInputError(`The filter is for ${rows.length} rows; there are ${vectors.rows}.`);
  }
  if (!(maxPairs >= 1 && maxPairs <= MOST_PAIRS))
    throw new InvalidInputError(`maxPairs is ${maxPairs}; it must be from 1 to ${MOST_PAIRS}.`);
  signal?.throwIfAborted();
  const wanted = Array.from({ length: vectors.rows }, (_, row) => row).filter(
    (row) => vectors.has(row) && (rows?.has(row) ?? true),
  );
  const blocks = blocksOf(wanted);
  const all = blocks.reduce((sum, { end }) => sum + end, 0);
  const search = new PairSearch(vectors, wanted, threshold, maxPairs);
  const turns = new Turns(signal);
  let done = 0;
  for (const { begin, end } of blocks) {
    const block = wanted.slice(begin, end);
    for (let i = 0; i < end; i++, done++) {
      search.compare(wanted[i]!, block);
      if (!turns.due) continue;
      onProgress?.(done / all);
      await turns.give();
    }
  }
  onProgress?.(1);
  return search.take();
}

/** Parts of an ascending list whose rows lie within {@link BLOCK} of each other. */
function blocksOf(rows: number[]): { begin: number; end: number }[] {
  const blocks: { begin: number; end: number }[] = [];
  for (let begin = 0, end = 0; begin < rows.length; begin = end) {
    while (end < rows.length && rows[end]! < rows[begin]! + BLOCK) end++;
    blocks.push({ begin, end });
  }
  return blocks;
}

class PairSearch {
  readonly #vectors: PackedVectors;
  readonly #maxPairs: number;
  #threshold: number;
  /** Codes that make the beginning. */
  readonly #beginning: number;
  /** By row: length of a vector, and of it behind the beginning. */
  readonly #lengths: Float64Array;
  readonly #restLengths: Float64Array;
  readonly #same = new Map<number, number>();
  /** By row: 1 where it is in `#same`, for a look at every pair. */
  readonly #isSame: Uint8Array;
  readonly #first: number[] = [];
  readonly #second: number[] = [];
  readonly #scores: number[] = [];
  readonly #begun = new Float64Array(BLOCK);
  readonly #total = new Float64Array(BLOCK);
  readonly #codes: Int16Array;
  #codesOf = -1;

  constructor(vectors: PackedVectors, rows: number[], threshold: number, maxPairs: number) {
    this.#vectors = vectors;
    this.#threshold = threshold;
    this.#maxPairs = maxPairs;
    this.#codes = new Int16Array(Math.ceil(vectors.dims / LANES) * LANES);
    this.#beginning = chooseBeginning(vectors, rows, threshold);
    this.#isSame = new Uint8Array(vectors.rows);
    this.#lengths = new Float64Array(vectors.rows);
    this.#restLengths = new Float64Array(vectors.rows);
    const codes = new Int16Array(vectors.dims);
    for (const row of rows) {
      vectors.codes(row, codes);
      const step = vectors.scales[row]! / FINE;
      this.#lengths[row] = step * lengthOf(codes, 0);
      this.#restLengths[row] = step * lengthOf(codes, this.#beginning);
    }
  }

  /** Compares a row with those of the block that come after it. `block` is ascending. */
  compare(row: number, block: readonly number[]): void {
    if (this.#isSame[row]) return;
    const { scales, fineLengths, stride } = this.#vectors;
    const threshold = Math.min(this.#threshold, SIMILAR);
    const first = block[0]!;
    const count = block.at(-1)! - first + 1;
    const step = scales[row]! / FINE;
    // Loaded anew each time, for a search may have come between.
    this.#vectors.kernel.load(this.#codesFor(row));
    const sums = this.#dots(0, this.#beginning, first, count);
    const begunSums = this.#begun;
    for (let i = 0; i < count; i++) begunSums[i] = sums[i]!;
    const isSame = this.#isSame;
    const restLengths = this.#restLengths;
    const length = this.#lengths[row]!;
    const restLength = restLengths[row]!;
    for (let at = 0; at < block.length; at++) {
      const other = block[at]!;
      if (other <= row || isSame[other] === 1) continue;
      const begun = begunSums[other - first]! * step * scales[other]!;
      const off = length * fineLengths[other]! + 1e-9;
      if (begun + off + restLength * restLengths[other]! < threshold) continue;
      const rest = this.#dots(this.#beginning, stride, other, 1)[0]! * step * scales[other]!;
      if (begun + rest + off < threshold) continue;
      this.#consider(row, other);
    }
  }

  take(): SimilarPairs {
    this.#drop((at) => this.#isSame[this.#first[at]!] === 1 || this.#isSame[this.#second[at]!] === 1);
    // Score and place in one number each, which sorts natively.
    const keys = Float64Array.from(this.#scores, (score, at) => Math.round((2 - score) * 2 ** 28) * MOST_PAIRS + at);
    const order = Uint32Array.from(keys.sort(), (key) => key % MOST_PAIRS);
    return {
      first: Uint32Array.from(order, (at) => this.#first[at]!),
      second: Uint32Array.from(order, (at) => this.#second[at]!),
      scores: Float32Array.from(order, (at) => this.#scores[at]!),
      threshold: this.#threshold,
      same: this.#same,
    };
  }

  /** Computes a pair in full. */
  #consider(row: number, other: number): void {
    const { scales, dims } = this.#vectors;
    const codes = this.#codesFor(row);
    const coarse = this.#vectors.coarse(other);
    const fine = this.#vectors.fine(other);
    let sum = 0;
    for (let i = 0; i < dims; i++) sum += codes[i]! * (FINE * coarse[i]! + fine[i]!);
    const score = (sum * scales[row]! * scales[other]!) / FINE ** 2;
    if (score >= SAME * this.#lengths[row]! * this.#lengths[other]!) {
      this.#same.set(other, row);
      this.#isSame[other] = 1;
    } else if (score >= this.#threshold) {
      this.#first.push(row);
      this.#second.push(other);
      this.#scores.push(score);
      if (this.#scores.length > this.#maxPairs) this.#raise();
    }
  }

  /** Raises the threshold until half of the pairs are left. */
  #raise(): void {
    this.#drop((at) => this.#isSame[this.#first[at]!] === 1 || this.#isSame[this.#second[at]!] === 1);
    if (this.#scores.length <= this.#maxPairs) return;
    const sorted = Float64Array.from(this.#scores).sort();
    // Above the median, so that the pair in hand fits wherever more than half of the scores are equal.
    const median = sorted[sorted.length >>> 1]!;
    this.#threshold = sorted.find((score) => score > median) ?? median + 1e-7;
    this.#drop((at) => this.#scores[at]! < this.#threshold);
  }

  #drop(isOut: (at: number) => boolean): void {
    let kept = 0;
    for (let at = 0; at < this.#scores.length; at++) {
      if (isOut(at)) continue;
      this.#first[kept] = this.#first[at]!;
      this.#second[kept] = this.#second[at]!;
      this.#scores[kept++] = this.#scores[at]!;
    }
    this.#first.length = this.#second.length = this.#scores.length = kept;
  }

  /**
   * Products of the loaded codes from `from` up to `to` with the coarse bytes of `count` rows. Overwritten by the next
   * call.
   */
  #dots(from: number, to: number, first: number, count: number): Float64Array | Int32Array {
    const { kernel, stride } = this.#vectors;
    if (to - from <= PART) return to === from ? NOTHING : kernel.dots(first * stride, stride, count, from, to);
    const total = this.#total;
    total.fill(0, 0, count);
    for (let at = from; at < to; at += PART) {
      const sums = kernel.dots(first * stride, stride, count, at, Math.min(at + PART, to));
      for (let i = 0; i < count; i++) total[i]! += sums[i]!;
    }
    return total;
  }

  #codesFor(row: number): Int16Array {
    if (this.#codesOf !== row) this.#vectors.codes(row, this.#codes);
    this.#codesOf = row;
    return this.#codes;
  }
}

const NOTHING = new Float64Array(1);

function lengthOf(codes: Int16Array, from: number): number {
  let squares = 0;
  for (let i = from; i < codes.length; i++) squares += codes[i]! * codes[i]!;
  return Math.sqrt(squares);
}

/** Pairs that the choice of the beginning is made on. */
const SAMPLE = 500;
/** What a further look at one pair costs, in codes of the scan: it is one call instead of a share in one. */
const LOOK = 12_000;

/** The beginning that, as a sample of pairs has it, costs the least work. A multiple of {@link LANES}. */
function chooseBeginning(vectors: PackedVectors, rows: number[], threshold: number): number {
  const { stride, dims, scales } = vectors;
  const choices = [1, 2, 3, 4, 5, 6, 7, 8].map((eighths) => Math.ceil((stride * eighths) / 8 / LANES) * LANES);
  const work = choices.map((length) => length * SAMPLE);
  const [a, b] = [new Int16Array(dims), new Int16Array(dims)];
  for (let i = 0; i < SAMPLE && rows.length > 1; i++) {
    // Spread over all pairs; which ones does not matter.
    const [one, other] = [rows[(i * 7919) % rows.length]!, rows[(i * 104729 + 1) % rows.length]!];
    vectors.codes(one, a);
    vectors.codes(other, b);
    const unit = (scales[one]! * scales[other]!) / FINE ** 2;
    choices.forEach((length, choice) => {
      let sum = 0;
      for (let k = 0; k < Math.min(length, dims); k++) sum += a[k]! * b[k]!;
      const most = unit * (sum + lengthOf(a, length) * lengthOf(b, length));
      if (most >= threshold) work[choice]! += LOOK;
    });
  }
  return choices[work.indexOf(Math.min(...work))]!;
}
