/**
 * @file Converts rows of a matrix to 4-bit blocks so that the error of its outputs, rather than that of its weights, is
 * smallest: column by column, the rounding error is passed on to the columns that can compensate for it. The result for
 * a group of columns of a row is kept only if it beats plain rounding by the same measure.
 */

import { halfTable, toHalf } from '../../bundle/float16';
import { groupWidth } from '../../bundle/moments';
import { BLOCK, rowSizes, type BlockFormat, type BlockRows } from '../../onnx/quantize';
import { GROUP, type GroupFactors } from './factors';
import { CANDIDATES, MIDDLE, PAIRS, type FeedbackKernel } from './kernel';
import { createFeedbackKernel } from './simd';

const TILE_ROWS = 2 * PAIRS;
/** Blocks of a whole group. */
const GROUP_BLOCKS = GROUP / BLOCK;

/** Squared error of a matrix' outputs over the inputs that were measured, treating groups of columns as unrelated. */
export interface OutputError {
  plain: number;
  /** The error of the result that is kept. */
  kept: number;
}

/** Scales and zero points of a tile's blocks, and its codes. // [row, 16], [pair, 512, 2] */
interface TileResult {
  halves: Uint16Array;
  zeros: Uint8Array;
  codes: Uint8Array;
  loss: Float64Array;
  /** False for rows whose scale exceeds half precision. */
  fits: boolean[];
}

function tileResult(): TileResult {
  return {
    halves: new Uint16Array(TILE_ROWS * GROUP_BLOCKS),
    zeros: new Uint8Array(TILE_ROWS * GROUP_BLOCKS),
    codes: new Uint8Array(TILE_ROWS * GROUP),
    loss: new Float64Array(TILE_ROWS),
    fits: [],
  };
}

/** Encodes rows. Holds scratch space: one instance per thread of work. */
export class FeedbackRows {
  readonly #kernel: FeedbackKernel;
  readonly #halves = halfTable();
  readonly #plain = tileResult();
  readonly #fed = tileResult();
  readonly #chosenHalves = new Uint16Array(TILE_ROWS * CANDIDATES);

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
    const error: OutputError = { plain: 0, kept: 0 };
    factors.forEach((group, index) => {
      const start = index * groupWidth(columns);
      const width = Math.min(groupWidth(columns), columns - start);
      if (group) this.#loadFactors(group, width);
      for (let first = 0; first < count; first += TILE_ROWS) {
        const rows = Math.min(TILE_ROWS, count - first);
        const load = () => this.#load(values, { start: first * columns + start, rows, width, columns });
        this.#encodeTile(load, { rows, blocks: Math.ceil(width / BLOCK) }, format, group);
        for (let row = 0; row < rows; row++) {
          const kept = this.#better(row, group !== null);
          write(kept, row, out, { row: first + row, start, width, columns, format });
          if (!group) continue;
          error.plain += this.#plain.loss[row]! * group.unit;
          error.kept += kept.loss[row]! * group.unit;
        }
      }
    });
    return error;
  }

  #better(row: number, isFed: boolean): TileResult {
    const [plain, fed] = [this.#plain, this.#fed];
    if (isFed && fed.fits[row] && (!plain.fits[row] || fed.loss[row]! < plain.loss[row]!)) return fed;
    if (!plain.fits[row]) throw new RangeError('A block of weights has no half-precision scale.');
    return plain;
  }

  /** Rounds plainly, measures the cost, then rounds with feedback. */
  #encodeTile(
    load: () => void,
    { rows, blocks }: { rows: number; blocks: number },
    format: BlockFormat,
    group: GroupFactors | null,
  ): void {
    const { arrays } = this.#kernel;
    const pairs = Math.ceil(rows / 2);
    load();
    arrays.importance.fill(1);
    this.#round(this.#plain, { pairs, blocks, spread: false }, format);
    if (!group) return;

    arrays.importance.fill(0).set(group.importance);
    arrays.weights.set(arrays.taken); // rounded to nothing, so that the error itself is passed on
    arrays.scale.fill(0);
    arrays.inverse.fill(0);
    arrays.zero.fill(MIDDLE);
    arrays.loss.fill(0);
    for (let block = 0; block < blocks; block++) this.#kernel.feed(pairs, block, blocks);
    this.#plain.loss.set(arrays.loss);

    load();
    this.#round(this.#fed, { pairs, blocks, spread: true }, format);
  }

  #loadFactors({ spread }: GroupFactors, width: number): void {
    for (let i = 0; i < width; i++) {
      this.#kernel.arrays.spread.fill(0, i * GROUP + width, (i + 1) * GROUP);
      this.#kernel.arrays.spread.set(spread.subarray(i * width, (i + 1) * width), i * GROUP);
    }
  }

  #load(
    values: Float32Array,
    { start, rows, width, columns }: { start: number; rows: number; width: number; columns: number },
  ): void {
    const { weights } = this.#kernel.arrays;
    if (width < GROUP || rows < TILE_ROWS) weights.fill(0);
    for (let row = 0; row < rows; row++) {
      const from = start + row * columns;
      const to = (row >> 1) * GROUP * 2 + (row & 1);
      for (let i = 0; i < width; i++) weights[to + 2 * i] = values[from + i]!;
    }
  }

  #round(
    result: TileResult,
    { pairs, blocks, spread }: { pairs: number; blocks: number; spread: boolean },
    format: BlockFormat,
  ): void {
    const { arrays } = this.#kernel;
    arrays.loss.fill(0);
    result.fits = new Array<boolean>(2 * pairs).fill(true);
    for (let block = 0; block < blocks; block++) {
      this.#search(result, { pairs, block, zeroPoints: format.zeroPoints });
      this.#kernel.feed(pairs, block, spread ? blocks : 0);
    }
    result.codes.set(arrays.codes);
    result.loss.set(arrays.loss);
  }

  /** The scales of one block, as {@link BlockQuantizer} finds them, but for weights that are not equally important. */
  #search(
    result: TileResult,
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
    for (let row = 0; row < 2 * pairs; row++) this.#choose(result, { row, block, count });
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
    this.#chosenHalves[at] = half;
  }

  #choose(
    { halves, zeros, fits }: TileResult,
    { row, block, count }: { row: number; block: number; count: number },
  ): void {
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
    if (best < 0) fits[row] = false;
    scale[row] = best < 0 ? 0 : candidates[best]!;
    inverse[row] = best < 0 ? 0 : candidateInverses[best]!;
    zero[row] = best < 0 ? MIDDLE : candidateZeros[best]!;
    halves[row * GROUP_BLOCKS + block] = best < 0 ? 0 : this.#chosenHalves[best]!;
    zeros[row * GROUP_BLOCKS + block] = zero[row];
  }
}

/** Copies one row of a group to where it is stored. */
function write(
  { codes, halves, zeros }: TileResult,
  from: number,
  out: BlockRows,
  {
    row,
    start,
    width,
    columns,
    format,
  }: { row: number; start: number; width: number; columns: number; format: BlockFormat },
): void {
  const blocks = Math.ceil(columns / BLOCK);
  const sizes = rowSizes(format, columns);
  const first = start / BLOCK;
  const count = Math.ceil(width / BLOCK);
  const code = (from >> 1) * GROUP * 2 + (from & 1);
  const to = row * sizes.codes + (first * BLOCK) / 2;
  for (let i = 0; i < (count * BLOCK) / 2; i++)
    out.codes[to + i] = codes[code + 4 * i]! | (codes[code + 4 * i + 2]! << 4);
  for (let b = 0; b < count; b++) {
    out.scales[row * blocks + first + b] = halves[from * GROUP_BLOCKS + b]!;
    if (!out.zeroPoints) continue;
    const at = row * sizes.zeroPoints + ((first + b) >> 1);
    const zero = zeros[from * GROUP_BLOCKS + b]!;
    if ((first + b) & 1)
      out.zeroPoints[at]! |= zero << 4; // the other half of the byte was written before
    else out.zeroPoints[at] = zero;
  }
}
