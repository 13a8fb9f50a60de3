/** @file A query with 16 bits per number, for the kernel. */

import { InvalidInputError } from '../../errors';
import { LANES, MAX_QUERY_SUM } from './dot-kernel';

export interface Int16Query {
  /** `query[i] ≈ codes[i] / factor`, padded with zeros. // [stride] */
  codes: Int16Array;
  factor: number;
  /** Sum of the magnitudes of the rounding errors. */
  residue: number;
}

/**
 * Quantizes a query as finely as int16 and the kernel's int32 sums allow.
 * @throws InvalidInputError for zeros, NaN and infinities
 */
export function int16Query(query: ArrayLike<number>): Int16Query {
  let largest = 0;
  let sum = 0;
  for (let i = 0; i < query.length; i++) {
    const magnitude = Math.abs(query[i]!);
    if (!(magnitude < 1e30)) throw new InvalidInputError(`The query's number ${i} is ${query[i]}.`);
    largest = Math.max(largest, magnitude);
    sum += magnitude;
  }
  if (largest < 1e-30) throw new InvalidInputError('The query is zero, so nothing is similar to it.');
  // Rounding adds at most a half to each number.
  const factor = Math.min(32767 / largest, (MAX_QUERY_SUM - query.length / 2) / sum);
  const codes = new Int16Array(Math.ceil(query.length / LANES) * LANES);
  let residue = 0;
  for (let i = 0; i < query.length; i++) {
    codes[i] = Math.round(query[i]! * factor);
    residue += Math.abs(query[i]! - codes[i]! / factor);
  }
  return { codes, factor, residue };
}
