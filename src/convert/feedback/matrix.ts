/** @file The linear algebra of error feedback. Matrices are rows one after another. */

/**
 * Replaces the upper triangle of a symmetric matrix by R, upper triangular, with A = R Rᵀ. // [n, n]
 * @returns whether it is positive definite; if not, the matrix is spoilt
 */
export function choleskyUpper(a: Float64Array, n: number): boolean {
  for (let j = n - 1; j >= 0; j--) {
    for (let i = j; i >= 0; i--) {
      const sum = a[i * n + j]! - dot(a, i * n + j + 1, a, j * n + j + 1, n - j - 1);
      if (i < j) a[i * n + j] = sum / a[j * n + j]!;
      else if (sum > 0) a[j * n + j] = Math.sqrt(sum);
      else return false;
    }
  }
  return true;
}

/** R⁻¹, each row times R's diagonal: so its own diagonal is 1. // [n, n] */
export function unitInverse(r: Float64Array, n: number): Float64Array {
  const unit = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    // For each k: −(the sum over the columns before it) / R[k, k].
    const row = unit.subarray(i * n, (i + 1) * n);
    row[i] = 1;
    for (let j = i; j < n; j++) {
      if (j > i) row[j] = -row[j]! / r[j * n + j]!;
      const value = row[j]!;
      for (let k = j + 1; k < n; k++) row[k]! += value * r[j * n + k]!;
    }
  }
  return unit;
}

/** X for R Rᵀ X = B. // [n, n], [n, m] → [n, m] */
export function solved(r: Float64Array, b: Float64Array, n: number): Float64Array {
  const m = b.length / n;
  const x = b.slice();
  for (let i = n - 1; i >= 0; i--) {
    addRows(x, i * m, x, m, { first: i + 1, last: n }, (k) => -r[i * n + k]!);
    for (let c = 0; c < m; c++) x[i * m + c]! /= r[i * n + i]!;
  }
  for (let i = 0; i < n; i++) {
    addRows(x, i * m, x, m, { first: 0, last: i }, (k) => -r[k * n + i]!);
    for (let c = 0; c < m; c++) x[i * m + c]! /= r[i * n + i]!;
  }
  return x;
}

/** A B. // [rows, inner], [inner, columns] → [rows, columns] */
export function product(a: Float64Array, b: Float64Array, inner: number): Float64Array {
  const [rows, columns] = [a.length / inner, b.length / inner];
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    addRows(out, i * columns, b, columns, { first: 0, last: inner }, (j) => a[i * inner + j]!);
  }
  return out;
}

/** Adds multiples of some rows of a matrix to one row, four at a time, since most of the time goes to memory. */
function addRows(
  to: Float64Array,
  at: number,
  from: Float64Array,
  columns: number,
  { first, last }: { first: number; last: number },
  factorOf: (row: number) => number,
): void {
  let row = first;
  for (; row + 3 < last; row += 4) {
    const [a, b, c, d] = [factorOf(row), factorOf(row + 1), factorOf(row + 2), factorOf(row + 3)];
    if (a === 0 && b === 0 && c === 0 && d === 0) continue; // half of a triangular matrix
    const [p, q, r, s] = [row * columns, (row + 1) * columns, (row + 2) * columns, (row + 3) * columns];
    for (let k = 0; k < columns; k++) {
      to[at + k]! += a * from[p + k]! + b * from[q + k]! + (c * from[r + k]! + d * from[s + k]!);
    }
  }
  for (; row < last; row++) {
    const factor = factorOf(row);
    for (let k = 0; k < columns; k++) to[at + k]! += factor * from[row * columns + k]!;
  }
}

/** // [n, n] */
export function identity(n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
}

/** // [rows, columns] → [columns, rows] */
export function transposed(a: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < rows; i++) for (let k = 0; k < columns; k++) out[k * rows + i] = a[i * columns + k]!;
  return out;
}

/** The product of two runs of numbers, in four sums that a processor adds up at once. */
export function dot(a: Float64Array, first: number, b: Float64Array, second: number, length: number): number {
  let [w, x, y, z] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < length; i += 4) {
    w += a[first + i]! * b[second + i]!;
    x += a[first + i + 1]! * b[second + i + 1]!;
    y += a[first + i + 2]! * b[second + i + 2]!;
    z += a[first + i + 3]! * b[second + i + 3]!;
  }
  for (; i < length; i++) w += a[first + i]! * b[second + i]!;
  return w + x + (y + z);
}
