/** @file The property that every embedding must have: length 1. */

/** True for length 1, as closely as 16-bit activations keep it; false with NaN or infinity. */
export function isUnit(vector: Float32Array): boolean {
  return Math.abs(vector.reduce((sum, value) => sum + value * value, 0) - 1) < 0.02;
}
