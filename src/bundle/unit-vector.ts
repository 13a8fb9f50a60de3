/** @file What every embedding must be: of length 1. */

/** True for length 1, as far as 16-bit activations keep it; false with NaN or infinity. */
export function isUnit(vector: Float32Array): boolean {
  return Math.abs(vector.reduce((sum, value) => sum + value * value, 0) - 1) < 0.02;
}
