/** @file What a resampling filter makes of one axis, and rounding as Pillow does it. */

/** Fractional bits of a weight. */
export const PRECISION_BITS = 22;

/** For each output position: the first source position, how many follow, and their fixed-point weights. */
export interface Taps {
  /** Never falling. */
  first: Int32Array; // [out]
  /** At least 1. */
  count: Int32Array; // [out]
  /** Of {@link PRECISION_BITS} fractional bits; magnitudes below 2^30. */
  weights: Int32Array; // [out, stride]
  stride: number;
}

/** An axis that keeps its length has no taps: Pillow leaves its pass out. */
export interface Passes {
  horizontal: Taps | null;
  vertical: Taps | null;
}
