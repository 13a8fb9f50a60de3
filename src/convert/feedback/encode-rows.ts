/**
 * @file Converts rows of a matrix to 4-bit blocks so that the error of its outputs, rather than that of its weights, is
 * smallest: column by column, the rounding error is passed on to the columns that can compensate for it. A row's result
 * is kept only if it beats plain rounding by the same measure.
 */

import { halfTable, toHalf } from '../../bundle/float16';
import { groupWidth, SKETCH_COLUMNS } from '../../bundle/moments';
import { allocateRows, BLOCK, rowSizes, type BlockFormat, type BlockRows } from '../../onnx/quantize';
import { COLUMNS, type GroupFactors } from './factors';
import { CANDIDATES, MIDDLE, PAIRS, type FeedbackKernel } from './kernel';
import { createFeedbackKernel } from './simd';

const TILE_ROWS = 2 * PAIRS;
const MOST_BLOCKS = COLUMNS / BLOCK;
/** Numbers of a tile in which errors along the directions are carried on. // [pair, 64, 2] */
const CARRIED = TILE_ROWS * SKETCH_COLUMNS;

/** Squared error of a matrix' outputs over the inputs that were measured. */
export interface OutputError {
  plain: number;
  /** The error of the result that is kept. */
  kept: number;
}

/** A number of columns of some rows. */
interface Tile {
  first: number;
  rows: number;
  start: number;
  width: number;
}

/** Rows that were rounded in one of the two ways. */
interface Result {
  rows: BlockRows;
  /** // [count] */
  loss: Float64Array;
  /** Whether all of a row's scales are half-precision numbers. */
  fits: boolean[];
  /** // [tile, {@link CARRIED}] */
  carried: Float64Array;
}

function newResult(rows: BlockRows, count: number): Result {
  const carried = new Float64Array(Math.ceil(count / TILE_ROWS) * CARRIED);
  return { rows, loss: new Float64Array(count), fits: new Array<boolean>(count).fill(true), carried };
}

/** Encodes rows. Holds scratch space: one instance per thread of work. */
export class FeedbackRows {
  readonly #kernel: FeedbackKernel;
  readonly #halves = halfTable();
  /** Scales and zero points of the tile's blocks. // [row, block] */
  readonly #chosen = {
    halves: new Uint16Array(TILE_ROWS * MOST_BLOCKS),
    zeros: new Uint8Array(TILE_ROWS * MOST_BLOCKS),
  };
  readonly #proposed = new Uint16Array(TILE_ROWS * CANDIDATES);

  constructor(kernel: FeedbackKernel = createFeedbackKernel()) {
    this.#kernel = kernel;
  }

  /**
   * @param values // [count, columns]
   * @param factors by group of columns; null if it is rounded plainly
   * @throws RangeError if a block's scale exceeds half precision even by plain rounding
   */
  encode(
    values: Float32Array,
    { count, columns, format }: { count: number; columns: number; format: BlockFormat },
    factors: readonly (GroupFactors | null)[],
    out: BlockRows,
  ): OutputError {
    const plain = newResult(out, count);
    const fed = newResult(allocateRows(format, count, columns), count);
    factors.forEach((group, index) => {
      const start = index * groupWidth(columns);
      const width = Math.min(groupWidth(columns), columns - start);
      if (group) this.#loadFactors(group);
      for (let first = 0; first < count; first += TILE_ROWS) {
        const tile = { first, rows: Math.min(TILE_ROWS, count - first), start, width };
        this.#load(values, columns, tile);
        this.#kernel.arrays.importance.fill(1);
        this.#round(plain, tile, { columns, format }, null);
        if (group) this.#judge(plain, tile, group);
        this.#load(values, columns, tile);
        if (group) this.#kernel.arrays.importance.set(group.importance);
        this.#round(fed, tile, { columns, format }, group);
      }
    });
    const error: OutputError = { plain: 0, kept: 0 };
    for (let row = 0; row < count; row++) {
      const isFed = fed.fits[row]! && (!plain.fits[row] || fed.loss[row]! < plain.loss[row]!);
      if (isFed) copyRow(fed.rows, out, row, count);
      else if (!plain.fits[row]) throw new RangeError('A block of weights has no half-precision scale.');
      error.plain += plain.loss[row]!;
      error.kept += isFed ? fed.loss[row]! : plain.loss[row]!;
    }
    return error;
  }

  #loadFactors({ spread }: GroupFactors): void {
    const size = Math.sqrt(spread.length);
    for (let i = 0; i < size; i++) {
      this.#kernel.arrays.spread.set(spread.subarray(i * size, (i + 1) * size), i * COLUMNS);
    }
  }

  #load(values: Float32Array, columns: number, { first, rows, start, width }: Tile): void {
    const { weights } = this.#kernel.arrays;
    weights.fill(0);
    for (let row = 0; row < rows; row++) {
      const from = (first + row) * columns + start;
      const to = (row >> 1) * COLUMNS * 2 + (row & 1);
      for (let i = 0; i < width; i++) weights[to + 2 * i] = values[from + i]!;
    }
  }

  /** Rounds what is loaded, with feedback if there are factors. */
  #round(
    result: Result,
    tile: Tile,
    { columns, format }: { columns: number; format: BlockFormat },
    group: GroupFactors | null,
  ): void {
    const { arrays } = this.#kernel;
    const pairs = Math.ceil(tile.rows / 2);
    const last = group && this.#take(result, tile, group);
    arrays.loss.fill(0);
    for (let block = 0; block < blocksOf(tile); block++) {
      this.#search(result, tile, { pairs, block, zeroPoints: format.zeroPoints });
      this.#kernel.feed(pairs, block, last ?? 0);
    }
    for (let row = 0; row < tile.rows; row++) this.#write(row, result.rows, tile, { columns, format });
    if (group) this.#keep(result, tile, group);
  }

  /** Passes on the errors of plain rounding, as if each column were rounded to zero: → `loss` */
  #judge(result: Result, tile: Tile, group: GroupFactors): void {
    const { arrays } = this.#kernel;
    const pairs = Math.ceil(tile.rows / 2);
    arrays.importance.set(group.importance);
    arrays.weights.fill(0);
    for (let pair = 0; pair < pairs; pair++) {
      const from = pair * COLUMNS * 2;
      arrays.weights.set(arrays.taken.subarray(from, from + blocksOf(tile) * BLOCK * 2), from);
    }
    const last = this.#take(result, tile, group);
    arrays.scale.fill(0);
    arrays.inverse.fill(0);
    arrays.zero.fill(MIDDLE);
    arrays.loss.fill(0);
    for (let block = 0; block < blocksOf(tile); block++) this.#kernel.feed(pairs, block, last);
    this.#keep(result, tile, group);
  }

  /**
   * Gives the columns what they take over of the errors before them.
   * @returns how many blocks there are, with those of directions
   */
  #take({ carried }: Result, tile: Tile, { directions }: GroupFactors): number {
    const [blocks, last] = [blocksOf(tile), blocksOf(tile) + directions / BLOCK];
    if (directions === 0 || tile.start === 0) return last;
    const { weights, taken } = this.#kernel.arrays;
    const pairs = Math.ceil(tile.rows / 2);
    for (let pair = 0; pair < pairs; pair++) {
      const from = (tile.first / TILE_ROWS) * CARRIED + pair * directions * 2;
      const to = (pair * COLUMNS + blocks * BLOCK) * 2;
      weights.set(carried.subarray(from, from + directions * 2), to);
      taken.set(carried.subarray(from, from + directions * 2), to);
    }
    for (let block = blocks; block < last; block++) this.#kernel.pass(pairs, block, 0, last);
    return last;
  }

  #keep({ carried, loss }: Result, tile: Tile, { directions, unit }: GroupFactors): void {
    const { arrays } = this.#kernel;
    for (let row = 0; row < tile.rows; row++) loss[tile.first + row]! += arrays.loss[row]! * unit;
    for (let pair = 0; pair < Math.ceil(tile.rows / 2); pair++) {
      const from = (pair * COLUMNS + blocksOf(tile) * BLOCK) * 2;
      const to = (tile.first / TILE_ROWS) * CARRIED + pair * directions * 2;
      carried.set(arrays.weights.subarray(from, from + directions * 2), to);
    }
  }

  /** The scales of one block, as {@link BlockQuantizer} finds them, but for weights that are not equally important. */
  #search(
    { fits }: Result,
    { first, rows }: Tile,
    { pairs, block, zeroPoints }: { pairs: number; block: number; zeroPoints: boolean },
  ): void {
    const count = zeroPoints ? 4 : 2;
    this.#kernel.fit(pairs, block, 0);
    for (let row = 0; row < 2 * pairs; row++) this.#settle(row, 0);
    if (zeroPoints) {
      this.#kernel.fit(pairs, block, 1);
      for (let row = 0; row < 2 * pairs; row++) this.#settle(row, 2);
    }
    this.#kernel.judge(pairs, block, count);
    for (let row = 0; row < 2 * pairs; row++) {
      if (!this.#choose({ row, block, count }) && row < rows) fits[first + row] = false;
    }
  }

  /** The fit's scale as the two nearest half floats. */
  #settle(row: number, candidate: number): void {
    const { fitted, fittedZero } = this.#kernel.arrays;
    const scale = fitted[row]!;
    const nearest = toHalf(scale);
    const stored = this.#halves[nearest]!;
    const other = Math.abs(stored) < Math.abs(scale) ? nearest + 1 : nearest - 1;
    const isExact = stored === scale || !Number.isFinite(stored);
    this.#propose(row, candidate, nearest, fittedZero[row]!);
    this.#propose(row, candidate + 1, isExact ? nearest : other, fittedZero[row]!);
  }

  #propose(row: number, candidate: number, half: number, zero: number): void {
    const { candidates, candidateInverses, candidateZeros } = this.#kernel.arrays;
    const at = ((row >> 1) * CANDIDATES + candidate) * 2 + (row & 1);
    const scale = this.#halves[half]!;
    candidates[at] = Number.isFinite(scale) ? scale : NaN; // its error is NaN, which is less than no other
    candidateInverses[at] = scale === 0 ? 0 : 1 / scale;
    candidateZeros[at] = zero;
    this.#proposed[at] = half;
  }

  /** @returns whether there is one */
  #choose({ row, block, count }: { row: number; block: number; count: number }): boolean {
    const { errors, candidates, candidateInverses, candidateZeros, scale, inverse, zero } = this.#kernel.arrays;
    let best = -1;
    let least = Infinity;
    for (let c = 0; c < count; c++) {
      const at = ((row >> 1) * CANDIDATES + c) * 2 + (row & 1);
      if (errors[at]! < least) {
        least = errors[at]!;
        best = at;
      }
    }
    scale[row] = best < 0 ? 0 : candidates[best]!;
    inverse[row] = best < 0 ? 0 : candidateInverses[best]!;
    zero[row] = best < 0 ? MIDDLE : candidateZeros[best]!;
    this.#chosen.halves[row * MOST_BLOCKS + block] = best < 0 ? 0 : this.#proposed[best]!;
    this.#chosen.zeros[row * MOST_BLOCKS + block] = zero[row];
    return best >= 0;
  }

  /** Copies a row of the tile to where it is stored. */
  #write(row: number, out: BlockRows, tile: Tile, { columns, format }: { columns: number; format: BlockFormat }): void {
    const { codes } = this.#kernel.arrays;
    const { halves, zeros } = this.#chosen;
    const sizes = rowSizes(format, columns);
    const blocks = Math.ceil(columns / BLOCK);
    const first = tile.start / BLOCK;
    const code = (row >> 1) * COLUMNS * 2 + (row & 1);
    const to = (tile.first + row) * sizes.codes + tile.start / 2;
    for (let i = 0; i < (blocksOf(tile) * BLOCK) / 2; i++)
      out.codes[to + i] = codes[code + 4 * i]! | (codes[code + 4 * i + 2]! << 4);
    for (let b = 0; b < blocksOf(tile); b++) {
      out.scales[(tile.first + row) * blocks + first + b] = halves[row * MOST_BLOCKS + b]!;
      if (!out.zeroPoints) continue;
      const at = (tile.first + row) * sizes.zeroPoints + ((first + b) >> 1);
      const zero = zeros[row * MOST_BLOCKS + b]!;
      if ((first + b) & 1)
        out.zeroPoints[at]! |= zero << 4; // the other half of the byte was written before
      else out.zeroPoints[at] = zero;
    }
  }
}

const blocksOf = ({ width }: Tile) => Math.ceil(width / BLOCK);

function copyRow(from: BlockRows, to: BlockRows, row: number, count: number): void {
  const copy = (source: Uint8Array | Uint16Array, target: Uint8Array | Uint16Array) => {
    const size = source.length / count;
    target.set(source.subarray(row * size, (row + 1) * size), row * size);
  };
  copy(from.codes, to.codes);
  copy(from.scales, to.scales);
  if (from.zeroPoints) copy(from.zeroPoints, to.zeroPoints!);
}
