/**
 * @file L, with which error feedback stands in for the second moments between groups of columns: the Nyström
 * approximation L Lᵀ = Y (Sᵀ Y)⁻¹ Yᵀ of H = Xᵀ X from its sketch Y = H S (Williams and Seeger 2001; here with random
 * signs S). What it leaves of H has no negative eigenvalue.
 */

import { SKETCH_COLUMNS, sketchSigns } from '../../bundle/moments';
import { choleskyUpper, dot, unitInverse } from './matrix';

/** Added to the diagonal of Sᵀ Y, as a fraction of its mean: single precision knows no more of it. */
const DAMPING = 1e-6;

/** @returns L // [columns, 64]; null if the sketch is zero or not finite */
export function directionsOf(sketch: Float32Array, columns: number): Float64Array | null {
  const m = SKETCH_COLUMNS;
  const signs = sketchSigns(columns);
  const products = new Float64Array(m * m);
  for (let c = 0; c < columns; c++) {
    for (let a = 0; a < m; a++) {
      const sign = signs[c * m + a]!;
      for (let b = 0; b < m; b++) products[a * m + b]! += sign * sketch[c * m + b]!;
    }
  }
  let mean = 0;
  for (let a = 0; a < m; a++) mean += products[a * m + a]! / m;
  if (!(mean > 0 && mean < Infinity)) return null;
  const r = products.map((value, i) => (value + products[(i % m) * m + Math.floor(i / m)]!) / 2);
  for (let a = 0; a < m; a++) r[a * m + a]! += DAMPING * mean;
  if (!choleskyUpper(r, m)) return null;
  // Sᵀ Y = R Rᵀ, so L = Y R⁻ᵀ.
  const unit = unitInverse(r, m);
  const directions = new Float64Array(columns * m);
  const row = new Float64Array(m);
  for (let c = 0; c < columns; c++) {
    row.set(sketch.subarray(c * m, (c + 1) * m));
    for (let a = 0; a < m; a++) directions[c * m + a] = dot(row, a, unit, a * m + a, m - a) / r[a * m + a]!;
  }
  return directions;
}
