/**
 * @file How the error of one weight is compensated for by the following ones, computed from the second moments of what
 * a matrix is multiplied with (Frantar et al., GPTQ, arXiv 2210.17323).
 *
 * With H = Xᵀ X (damped) and H⁻¹ = Uᵀ U, U upper triangular: if column j is rounded to a value that differs by d, the
 * output's squared error is smallest when d · U[j, k] / U[j, j] is subtracted from every later column k; that error
 * then grows by d² / U[j, j]².
 *
 * H of a whole row does not fit into a browser's memory. D + L Lᵀ takes its place: within groups of at most 256 columns
 * it is H, and between groups the part of H that 64 directions explain (directions.ts). D, which is what they leave of
 * H within groups, is zero between them; so all that a group has to know of the errors d before it is t = Lᵀ d, 64
 * numbers for each row, and all that it has to know of the groups after it is how much of t they can take over.
 */

import { groupSizes, groupWidth, SKETCH_COLUMNS, type InputMoments, type MOMENT_COLUMNS } from '../../bundle/moments';
import { BLOCK } from '../../onnx/quantize';
import { directionsOf } from './directions';
import { choleskyUpper, dot, identity, product, solved, transposed, unitInverse } from './matrix';

/** The most columns of a group, and its directions: the kernel's memory is laid out for them. */
export const COLUMNS = (256 satisfies typeof MOMENT_COLUMNS) + (64 satisfies typeof SKETCH_COLUMNS);

/** Added to the diagonal, as a fraction of its mean; the value of GPTQ. */
const DAMPING = 0.01;

/** The factors of one group. */
export interface GroupFactors {
  /** The cost of a column's squared error, 1 for the most important one. // [columns] */
  importance: Float64Array;
  /** The factor that turns {@link importance} into the squared error of the outputs. */
  unit: number;
  /** 64 if there are other groups, else 0. They come after the last block of columns. */
  directions: number;
  /**
   * The share of a column's error that each later column and each direction take over. The rows of directions: the share
   * of t, when the group begins, that its columns take over, and by which t is less then. // [size, size]
   */
  spread: Float32Array;
}

/** @returns by group; null if its inputs are all zero, or not finite */
export function factorsOf({ columns, groups, sketch }: Omit<InputMoments, 'weights'>): (GroupFactors | null)[] {
  const damped = groupSizes(columns).map((n, g) => dampedOf(groups[g]!, n));
  const directions = sketch && directionsOf(sketch, columns);
  const joined = directions && factorsOfJoined(damped, directions, columns);
  return joined ?? damped.map((h) => h && factorsOfOne(h));
}

/** H of a group. // [n, n] */
function dampedOf(moments: Float32Array, n: number): Float64Array | null {
  let mean = 0;
  for (let i = 0, at = 0; i < n; at += n - i++) mean += moments[at]! / n;
  if (!(mean > 0 && mean < Infinity)) return null;
  const h = new Float64Array(n * n);
  for (let i = 0, at = 0; i < n; i++) {
    for (let k = i; k < n; k++) h[i * n + k] = moments[at++]! + (i === k ? DAMPING * mean : 0);
  }
  return h;
}

/** As if there were no other group. */
function factorsOfOne(h: Float64Array): GroupFactors | null {
  const n = Math.sqrt(h.length);
  if (!choleskyUpper(h, n)) return null; // impossible for a sum of squares
  const spread = new Float32Array(sizeOf(n, 0) ** 2);
  place(spread, unitInverse(h, n), { rows: 0, columns: 0, width: n, size: sizeOf(n, 0) });
  return { ...importanceOf(h, n), directions: 0, spread };
}

/** @returns null if rounding errors have left a matrix that is not positive definite */
function factorsOfJoined(
  damped: readonly (Float64Array | null)[],
  directions: Float64Array,
  columns: number,
): (GroupFactors | null)[] | null {
  const m = SKETCH_COLUMNS;
  const groups = damped.map((h, g) => {
    const n = groupSizes(columns)[g]!;
    return { h, n, l: directions.subarray(g * groupWidth(columns) * m).subarray(0, n * m) }; // [n, m]
  });
  // A group takes over S⁻¹ (D⁻¹ L)ᵀ of t. S is I and the sum of Lᵀ D⁻¹ L over this and all later groups.
  let sum = identity(m);
  let later = identity(m); // S⁻¹ of the later groups
  const factors: (GroupFactors | null)[] = [];
  for (const { h, n, l } of groups.reverse()) {
    if (!h) {
      factors.push(null);
      continue;
    }
    // Errors along L cost only what later groups cannot compensate for: H − L (I − S⁻¹) Lᵀ.
    const free = identity(m).map((value, i) => value - later[i]!);
    const own = without(h, product(l, free, m), l);
    const rest = without(h, l, l);
    if (!choleskyUpper(own, n) || !choleskyUpper(rest, n)) return null;
    const taken = solved(rest, l, n); // [n, m]
    const added = product(transposed(l, n, m), taken, n);
    sum = sum.map((value, i) => value + added[i]!);
    const r = sum.slice();
    if (!choleskyUpper(r, m)) return null;
    later = solved(r, identity(m), m);

    const unit = unitInverse(own, n);
    const shares = product(later, transposed(taken, n, m), m); // [m, n]
    const size = sizeOf(n, m);
    const spread = new Float32Array(size * size);
    const first = size - m;
    place(spread, unit, { rows: 0, columns: 0, width: n, size });
    place(spread, negative(product(unit, l, n)), { rows: 0, columns: first, width: m, size });
    place(spread, negative(shares), { rows: first, columns: 0, width: n, size });
    place(spread, product(shares, l, n), { rows: first, columns: first, width: m, size });
    factors.push({ ...importanceOf(own, n), directions: m, spread });
  }
  return factors.reverse();
}

/** Columns in whole blocks, and directions. */
const sizeOf = (n: number, m: number) => Math.ceil(n / BLOCK) * BLOCK + m;

/** H − A Bᵀ, its upper triangle. // [n, n], [n, m], [n, m] → [n, n] */
function without(h: Float64Array, a: Float64Array, b: Float64Array): Float64Array {
  const n = Math.sqrt(h.length);
  const m = a.length / n;
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let k = i; k < n; k++) out[i * n + k] = h[i * n + k]! - dot(a, i * m, b, k * m, m);
  return out;
}

function importanceOf(r: Float64Array, n: number): Pick<GroupFactors, 'importance' | 'unit'> {
  const importance = Float64Array.from({ length: n }, (_, j) => r[j * n + j]! ** 2);
  const unit = importance.reduce((most, value) => Math.max(most, value), 0);
  return { importance: importance.map((value) => value / unit), unit };
}

const negative = (values: Float64Array) => values.map((value) => -value);

/** Copies a matrix into a larger one. */
function place(
  spread: Float32Array,
  values: Float64Array,
  { rows, columns, width, size }: { rows: number; columns: number; width: number; size: number },
): void {
  for (let i = 0; i * width < values.length; i++) {
    for (let k = 0; k < width; k++) spread[(rows + i) * size + columns + k] = values[i * width + k]!;
  }
}
