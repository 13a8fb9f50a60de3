/**
 * @file Block quantization: 32 neighbouring weights of a row share one half-float scale and, where the format has
 * them, one integer zero point; `weight ≈ scale · (code − zero)`. Codes, scales and zero points are laid out as ONNX
 * Runtime's MatMulNBits reads them. Without stored zero points, `zero` is 8 (4 bits) or 128 (8 bits).
 *
 * The quantizer minimises the squared error of each block: it tries a few scales, refits each by least squares to its
 * codes, and judges the best by the error that remains with the scale rounded to half precision and the codes
 * chosen again for that rounded scale. `bench/quantize-choices.ts` shows why these scales were chosen.
 */

import { halfTable, toHalf } from './float16';

/** Weights per block: the only size with a fast prefill kernel on every GPU. */
export const BLOCK = 32;

export interface BlockFormat {
  bits: 4 | 8;
  /** Whether each block stores its zero point. */
  zeroPoints: boolean;
}

/** Rows of blocks. `blocks` = ceil(columns / 32); columns beyond the row's end hold codes of zero weight. */
export interface BlockRows {
  /** Two 4-bit codes per byte, the earlier in the low nibble; or one 8-bit code. // [rows, blocks, 4 * bits] */
  codes: Uint8Array;
  /** Half floats. // [rows, blocks] */
  scales: Uint16Array;
  /** Packed like codes, each row padded to a byte. // [rows, ceil(blocks * bits / 8)] */
  zeroPoints: Uint8Array | null;
}

/** Bytes of one row of `columns` weights: for its codes, scales and zero points (0 if the format has none). */
export function rowSizes(format: BlockFormat, columns: number): { codes: number; scales: number; zeroPoints: number } {
  const blocks = Math.ceil(columns / BLOCK);
  return {
    codes: blocks * format.bits * (BLOCK / 8),
    scales: blocks * 2,
    zeroPoints: format.zeroPoints ? Math.ceil((blocks * format.bits) / 8) : 0,
  };
}

/** Makes empty rows of a format. */
export function allocateRows(format: BlockFormat, rows: number, columns: number): BlockRows {
  const sizes = rowSizes(format, columns);
  return {
    codes: new Uint8Array(rows * sizes.codes),
    scales: new Uint16Array((rows * sizes.scales) / 2),
    zeroPoints: format.zeroPoints ? new Uint8Array(rows * sizes.zeroPoints) : null,
  };
}

/** When added and subtracted again, rounds a double below 2^51 to the nearest integer, ties to even. */
const ROUND = 6755399441055744;
/** Where a search begins, by number of bits. */
export const SEARCH_TRIALS = {
  /** How far beyond the code range the largest weight is placed, in codes; values above 0 clip it. */
  symmetric: { 4: [-0.6, -0.2, 0.2, 0.6, 1, 1.4], 8: [0, 0.5] },
  /** Spans, as fractions of the distance from the smallest to the largest weight. */
  asymmetric: { 4: [1.04, 0.98, 0.93, 0.88, 0.83, 0.77], 8: [1] },
} as const;

/** Quantizes rows into one {@link BlockFormat}. Holds scratch space: one instance per thread of work. */
export class BlockQuantizer {
  readonly format: BlockFormat;
  readonly #search: boolean;
  /** The largest code: 15 or 255. */
  readonly #top: number;
  readonly #middle: number;
  readonly #symmetricTrials: readonly number[];
  readonly #asymmetricTrials: readonly number[];
  readonly #halves = halfTable();

  // Numbers live in typed arrays, and loops in as few functions as possible: a double that is passed to a function or
  // kept in an object is allocated, a hundred million times per checkpoint.
  readonly #block = new Float64Array(BLOCK);
  /** The range of the block, which always includes zero. // [smallest, largest weight] */
  readonly #range = new Float64Array(2);
  /** Reciprocals of the scales to try, and the zero points that belong to them. */
  readonly #inverses = new Float64Array(8);
  readonly #zeros = new Float64Array(8);
  /** The best least-squares fit of a search. // [scale, zero point] */
  readonly #fitted = new Float64Array(2);
  /** The best fit that can be stored. // [squared error] */
  readonly #error = new Float64Array(1);
  #scale = 0; // bits of a half float
  #zero = 0;

  /** `search: false` uses the plain min/max scale, for comparison. */
  constructor(format: BlockFormat, { search = true }: { search?: boolean } = {}) {
    this.format = format;
    this.#search = search;
    this.#top = 2 ** format.bits - 1;
    this.#middle = 2 ** (format.bits - 1);
    this.#symmetricTrials = SEARCH_TRIALS.symmetric[format.bits];
    this.#asymmetricTrials = SEARCH_TRIALS.asymmetric[format.bits];
  }

  /**
   * Quantizes `columns` weights of `values` from `start` on into row `row` of `out`.
   * Returns the sum of squared errors.
   * @throws RangeError if a block's scale exceeds half precision, or a weight is NaN.
   */
  quantizeRow(values: Float32Array, start: number, columns: number, out: BlockRows, row: number): number {
    const blocks = Math.ceil(columns / BLOCK);
    const { codes: codeBytes, zeroPoints: zeroBytes } = rowSizes(this.format, columns);
    let total = 0;
    for (let b = 0; b < blocks; b++) {
      this.#load(values, start + b * BLOCK, Math.min(BLOCK, columns - b * BLOCK));
      this.#error[0] = Infinity;
      if (this.#search) {
        this.#fitSymmetric();
        if (this.format.zeroPoints) this.#fitAsymmetric();
      } else {
        this.#fitPlain();
      }
      const error = this.#error[0]!;
      if (!(error < Infinity)) throw new RangeError('A block of weights has no half-precision scale.');
      total += error;
      out.scales[row * blocks + b] = this.#scale;
      this.#writeCodes(out.codes, row * codeBytes + (b * codeBytes) / blocks);
      if (out.zeroPoints) writeZeroPoint(out.zeroPoints, row * zeroBytes, b, this.format.bits, this.#zero);
    }
    return total;
  }

  #load(values: Float32Array, start: number, count: number): void {
    const block = this.#block;
    let least = 0;
    let most = 0;
    for (let i = 0; i < count; i++) {
      const value = values[start + i]!;
      block[i] = value;
      least = value < least ? value : least;
      most = value > most ? value : most;
    }
    if (count < BLOCK) block.fill(0, count);
    this.#range[0] = least;
    this.#range[1] = most;
  }

  #fitPlain(): void {
    const [least, most] = [this.#range[0]!, this.#range[1]!];
    if (this.format.zeroPoints) {
      const scale = (most - least) / this.#top;
      this.#try(toHalf(scale), scale > 0 ? this.#clampZero(Math.round(-least / scale)) : 0);
    } else {
      this.#try(toHalf(-(-least > most ? least : most) / this.#middle), this.#middle);
    }
  }

  /** The weight farthest from zero takes the far end of the code range (−8), so its scale has the opposite sign. */
  #fitSymmetric(): void {
    const least = this.#range[0]!;
    const most = this.#range[1]!;
    const extreme = -least > most ? least : most;
    const trials = extreme === 0 ? 0 : this.#symmetricTrials.length;
    for (let t = 0; t < trials; t++) {
      this.#inverses[t] = -(this.#middle + this.#symmetricTrials[t]!) / extreme;
      this.#zeros[t] = this.#middle;
    }
    this.#fitted[1] = this.#middle;
    this.#refit(trials);
    this.#settle();
  }

  /** Spans around the centre of the block's range, with the zero point nearest to where zero is. */
  #fitAsymmetric(): void {
    const least = this.#range[0]!;
    const most = this.#range[1]!;
    if (least === most) return;
    const centre = (most + least) / 2;
    const trials = this.#asymmetricTrials.length;
    for (let t = 0; t < trials; t++) {
      const scale = (this.#asymmetricTrials[t]! * (most - least)) / this.#top;
      this.#inverses[t] = 1 / scale;
      this.#zeros[t] = this.#clampZero(Math.round(this.#top / 2 - centre / scale));
    }
    this.#refit(trials);
    this.#settle();
  }

  #clampZero(zero: number): number {
    return Math.min(this.#top, Math.max(0, zero));
  }

  /** Codes from each trial scale, then the scale that fits those codes best; the one that explains the most is kept. */
  #refit(trials: number): void {
    const block = this.#block;
    let gain = 0;
    this.#fitted[0] = 0;
    for (let t = 0; t < trials; t++) {
      const inverse = this.#inverses[t]!;
      const low = -this.#zeros[t]!;
      const high = this.#top + low;
      let dot = 0;
      let square = 0;
      let dotOdd = 0;
      let squareOdd = 0;
      for (let i = 0; i < BLOCK; i += 2) {
        const even = block[i]!;
        const odd = block[i + 1]!;
        let level = even * inverse + ROUND - ROUND;
        level = level < low ? low : level > high ? high : level;
        dot += even * level;
        square += level * level;
        let levelOdd = odd * inverse + ROUND - ROUND;
        levelOdd = levelOdd < low ? low : levelOdd > high ? high : levelOdd;
        dotOdd += odd * levelOdd;
        squareOdd += levelOdd * levelOdd;
      }
      dot += dotOdd;
      square += squareOdd;
      if (dot * dot > gain * square) {
        gain = (dot * dot) / square;
        this.#fitted[0] = dot / square;
        this.#fitted[1] = this.#zeros[t]!;
      }
    }
  }

  /** Judges a fit with its scale rounded to the two nearest half floats. */
  #settle(): void {
    const scale = this.#fitted[0]!;
    const zero = this.#fitted[1]!;
    const nearest = toHalf(scale);
    const stored = this.#halves[nearest]!;
    if (!Number.isFinite(stored)) return;
    this.#try(nearest, zero);
    if (stored === scale) return;
    this.#try(Math.abs(stored) < Math.abs(scale) ? nearest + 1 : nearest - 1, zero);
  }

  /** Measures the error with a stored scale and codes chosen for it; keeps it if it is the smallest so far. */
  #try(half: number, zero: number): void {
    const block = this.#block;
    const scale = this.#halves[half]!;
    if (!Number.isFinite(scale)) return;
    const inverse = scale === 0 ? 0 : 1 / scale;
    const low = -zero;
    const high = this.#top - zero;
    let error = 0;
    let errorOdd = 0;
    for (let i = 0; i < BLOCK; i += 2) {
      const even = block[i]!;
      const odd = block[i + 1]!;
      let level = even * inverse + ROUND - ROUND;
      level = level < low ? low : level > high ? high : level;
      const difference = even - scale * level;
      error += difference * difference;
      let levelOdd = odd * inverse + ROUND - ROUND;
      levelOdd = levelOdd < low ? low : levelOdd > high ? high : levelOdd;
      const differenceOdd = odd - scale * levelOdd;
      errorOdd += differenceOdd * differenceOdd;
    }
    error += errorOdd;
    if (error < this.#error[0]!) {
      this.#error[0] = error;
      this.#scale = half;
      this.#zero = zero;
    }
  }

  #writeCodes(codes: Uint8Array, at: number): void {
    const block = this.#block;
    const scale = this.#halves[this.#scale]!;
    const inverse = scale === 0 ? 0 : 1 / scale;
    const zero = this.#zero;
    const top = this.#top;
    if (this.format.bits === 8) {
      for (let i = 0; i < BLOCK; i++) {
        const code = block[i]! * inverse + ROUND - ROUND + zero;
        codes[at + i] = code < 0 ? 0 : code > top ? top : code;
      }
      return;
    }
    for (let i = 0; i < BLOCK; i += 2) {
      let even = block[i]! * inverse + ROUND - ROUND + zero;
      even = even < 0 ? 0 : even > top ? top : even;
      let odd = block[i + 1]! * inverse + ROUND - ROUND + zero;
      odd = odd < 0 ? 0 : odd > top ? top : odd;
      codes[at + (i >> 1)] = even | (odd << 4);
    }
  }
}

function writeZeroPoint(zeroPoints: Uint8Array, at: number, block: number, bits: 4 | 8, zero: number): void {
  if (bits === 8) zeroPoints[at + block] = zero;
  else if (block & 1) zeroPoints[at + (block >> 1)]! |= zero << 4;
  else zeroPoints[at + (block >> 1)] = zero;
}

/**
 * The exact inverse: the weights that row `row` stands for, as float32, into `out` from `start` on.
 * Scale times (code − zero) is exact in float32.
 */
export function dequantizeRow(
  format: BlockFormat,
  rows: BlockRows,
  row: number,
  columns: number,
  out: Float32Array,
  start = 0,
): void {
  const halves = halfTable();
  const blocks = Math.ceil(columns / BLOCK);
  const { codes: codeBytes, zeroPoints: zeroBytes } = rowSizes(format, columns);
  const middle = 2 ** (format.bits - 1);
  for (let c = 0; c < columns; c++) {
    const b = Math.floor(c / BLOCK);
    const scale = halves[rows.scales[row * blocks + b]!]!;
    const zero = rows.zeroPoints ? unpack(rows.zeroPoints, row * zeroBytes, b, format.bits) : middle;
    out[start + c] = scale * (unpack(rows.codes, row * codeBytes, c, format.bits) - zero);
  }
}

function unpack(bytes: Uint8Array, at: number, index: number, bits: 4 | 8): number {
  if (bits === 8) return bytes[at + index]!;
  return (bytes[at + (index >> 1)]! >> ((index & 1) * 4)) & 15;
}
