/**
 * @file The inner loops of error feedback, for 16 rows and up to 256 columns at a time: in plain JavaScript, and with
 * WebAssembly SIMD. Both add the same doubles in the same order, so they give the same codes.
 *
 * Numbers are stored with two rows side by side: // [pair, column, 2]
 */

import { SEARCH_TRIALS } from '../../bundle/blocks';
import { BLOCK } from '../../onnx/quantize';
import { COLUMNS } from './factors';

/** Pairs of rows. */
export const PAIRS = 8;
/** Number of scales with which a search starts. */
export const TRIALS = 6;
/** The most scales with which it ends. */
export const CANDIDATES = 4;
/** The largest code of 4 bits. */
const TOP = 15;
/** The code of zero if none is stored. */
export const MIDDLE = 8;

/** Where each array begins, in bytes from 0 on, and how many numbers it has: doubles in all but the last. */
export const LAYOUT = {
  /** What is left to be rounded. // [pair, 320, 2] */
  weights: { at: 0, length: PAIRS * COLUMNS * 2 },
  /** By how much the rounded weights differ. // [pair, 320, 2] */
  taken: { at: 40960, length: PAIRS * COLUMNS * 2 },
  /** // [320] */
  importance: { at: 81920, length: COLUMNS },
  /** The trials of a search: {@link SEARCH_TRIALS}, symmetric and asymmetric. // [2, 6] */
  trials: { at: 84480, length: 2 * TRIALS },
  /** The scale that best fits the codes of the trials, and its zero point. // [pair, 2] */
  fitted: { at: 84608, length: PAIRS * 2 },
  fittedZero: { at: 84736, length: PAIRS * 2 },
  /** Reciprocals of the scales to be judged (0 for 0), and their zero points. // [pair, 4, 2] */
  candidates: { at: 84864, length: PAIRS * CANDIDATES * 2 },
  candidateInverses: { at: 85376, length: PAIRS * CANDIDATES * 2 },
  candidateZeros: { at: 85888, length: PAIRS * CANDIDATES * 2 },
  /** The error that each leaves. // [pair, 4, 2] */
  errors: { at: 86400, length: PAIRS * CANDIDATES * 2 },
  /** What was chosen for the block. // [pair, 2] */
  scale: { at: 86912, length: PAIRS * 2 },
  inverse: { at: 87040, length: PAIRS * 2 },
  zero: { at: 87168, length: PAIRS * 2 },
  /** Accumulates. // [pair, 2] */
  loss: { at: 87296, length: PAIRS * 2 },
  /** Bytes. // [pair, 320, 2] */
  codes: { at: 87424, length: PAIRS * COLUMNS * 2 },
  /** Of {@link GroupFactors}. // [320, 320] */
  spread: { at: 92544, length: COLUMNS * COLUMNS },
} as const;

type Doubles = Record<Exclude<keyof typeof LAYOUT, 'codes'>, Float64Array>;

/** Works on block `block` (of 32 columns) of the first `pairs` pairs. */
export interface FeedbackKernel {
  readonly name: 'simd' | 'js';
  readonly arrays: Doubles & { codes: Uint8Array };
  /**
   * → `fitted` (0 if nothing fits), `fittedZero`. `kind`: 0 for scales with zero at 8, 1 for those with zero points.
   */
  fit(pairs: number, block: number, kind: 0 | 1): void;
  /** `candidates` … → `errors` */
  judge(pairs: number, block: number, candidates: number): void;
  /**
   * `scale` … → `codes`, `taken`, `loss`, and the later columns' `weights`. `blocks`: of the group; 0 to pass nothing
   * on.
   */
  feed(pairs: number, block: number, blocks: number): void;
  /** `taken` of a block → `weights` of the blocks from `first` to before `blocks`. */
  pass(pairs: number, block: number, first: number, blocks: number): void;
}

const ARRAYS_BYTES = LAYOUT.spread.at + 8 * LAYOUT.spread.length;

/** The arrays in some memory. */
export function arraysIn(memory: ArrayBuffer): FeedbackKernel['arrays'] {
  const { codes, ...doubles } = LAYOUT;
  const views = Object.entries(doubles).map(([name, { at, length }]) => [name, new Float64Array(memory, at, length)]);
  const arrays = { ...(Object.fromEntries(views) as Doubles), codes: new Uint8Array(memory, codes.at, codes.length) };
  arrays.trials.set([...SEARCH_TRIALS.symmetric[4], ...SEARCH_TRIALS.asymmetric[4]]);
  return arrays;
}

/** When added and subtracted again, rounds a double below 2^51 to the nearest integer, ties to even. */
const ROUND = 6755399441055744;

export class JsKernel implements FeedbackKernel {
  readonly name = 'js';
  readonly arrays = arraysIn(new ArrayBuffer(ARRAYS_BYTES));

  fit(pairs: number, block: number, kind: 0 | 1): void {
    const { weights, importance, trials, fitted, fittedZero } = this.arrays;
    const column = block * BLOCK;
    for (let row = 0; row < 2 * pairs; row++) {
      const from = ((row >> 1) * COLUMNS + column) * 2 + (row & 1);
      let least = 0;
      let most = 0;
      for (let i = 0; i < 2 * BLOCK; i += 2) {
        const value = weights[from + i]!;
        least = value < least ? value : least;
        most = value > most ? value : most;
      }
      const extreme = -least > most ? least : most;
      const span = most - least;
      let gain = 0;
      fitted[row] = 0;
      fittedZero[row] = MIDDLE;
      for (let t = 0; t < TRIALS && span > 0; t++) {
        const trial = trials[kind * TRIALS + t]!;
        const scale = (trial * span) / TOP;
        const inverse = kind ? 1 / scale : -((MIDDLE + trial) / extreme);
        // Half of the range, rounded half up: 7.5 + 0.5.
        const zero = kind ? Math.min(TOP, Math.max(0, Math.floor(8 - ((most + least) * 0.5) / scale))) : MIDDLE;
        const low = -zero;
        const high = TOP - zero;
        let dot = 0;
        let square = 0;
        let dotOdd = 0;
        let squareOdd = 0;
        for (let i = 0; i < BLOCK; i += 2) {
          const even = weights[from + 2 * i]!;
          const evenImportance = importance[column + i]!;
          let level = even * inverse + ROUND - ROUND;
          level = level < low ? low : level > high ? high : level;
          dot += evenImportance * even * level;
          square += evenImportance * level * level;
          const odd = weights[from + 2 * i + 2]!;
          const oddImportance = importance[column + i + 1]!;
          level = odd * inverse + ROUND - ROUND;
          level = level < low ? low : level > high ? high : level;
          dotOdd += oddImportance * odd * level;
          squareOdd += oddImportance * level * level;
        }
        dot += dotOdd;
        square += squareOdd;
        if (dot * dot > gain * square) {
          gain = (dot * dot) / square;
          fitted[row] = dot / square;
          fittedZero[row] = zero;
        }
      }
    }
  }

  judge(pairs: number, block: number, candidates: number): void {
    const { weights, importance, errors } = this.arrays;
    const { candidates: scales, candidateInverses: inverses, candidateZeros: zeros } = this.arrays;
    const column = block * BLOCK;
    for (let row = 0; row < 2 * pairs; row++) {
      const [pair, lane] = [row >> 1, row & 1];
      const from = (pair * COLUMNS + column) * 2 + lane;
      for (let c = 0; c < candidates; c++) {
        const at = (pair * CANDIDATES + c) * 2 + lane;
        const scale = scales[at]!;
        const inverse = inverses[at]!;
        const low = -zeros[at]!;
        const high = TOP - zeros[at]!;
        let error = 0;
        let errorOdd = 0;
        for (let i = 0; i < BLOCK; i += 2) {
          const even = weights[from + 2 * i]!;
          let level = even * inverse + ROUND - ROUND;
          level = level < low ? low : level > high ? high : level;
          const difference = even - scale * level;
          error += importance[column + i]! * difference * difference;
          const odd = weights[from + 2 * i + 2]!;
          level = odd * inverse + ROUND - ROUND;
          level = level < low ? low : level > high ? high : level;
          const differenceOdd = odd - scale * level;
          errorOdd += importance[column + i + 1]! * differenceOdd * differenceOdd;
        }
        errors[at] = error + errorOdd;
      }
    }
  }

  feed(pairs: number, block: number, blocks: number): void {
    const { weights, importance, taken, codes, loss, scale: scales, inverse: inverses, zero: zeros } = this.arrays;
    const factors = this.arrays.spread;
    const column = block * BLOCK;
    for (let row = 0; row < 2 * pairs; row++) {
      const [pair, lane] = [row >> 1, row & 1];
      const from = pair * COLUMNS * 2 + lane;
      const scale = scales[row]!;
      const inverse = inverses[row]!;
      const zero = zeros[row]!;
      let total = loss[row]!;
      for (let j = column; j < column + BLOCK; j++) {
        const weight = weights[from + 2 * j]!;
        let level = weight * inverse + ROUND - ROUND;
        level = level < -zero ? -zero : level > TOP - zero ? TOP - zero : level;
        codes[from + 2 * j] = level + zero;
        const difference = weight - scale * level;
        taken[from + 2 * j] = difference;
        total += importance[j]! * difference * difference;
        for (let k = j + 1; k < blocks * BLOCK; k++) weights[from + 2 * k]! -= difference * factors[j * COLUMNS + k]!;
      }
      loss[row] = total;
    }
  }

  pass(pairs: number, block: number, first: number, blocks: number): void {
    const { weights, taken, spread } = this.arrays;
    for (let row = 0; row < 2 * pairs; row++) {
      const from = (row >> 1) * COLUMNS * 2 + (row & 1);
      for (let j = block * BLOCK; j < (block + 1) * BLOCK; j++) {
        const difference = taken[from + 2 * j]!;
        for (let k = first * BLOCK; k < blocks * BLOCK; k++) {
          weights[from + 2 * k]! -= difference * spread[j * COLUMNS + k]!;
        }
      }
    }
  }
}
