/**
 * @file Rotary tables, computed with float32 rounding at each step as transformers does, so that the angles agree to
 * the last bit, except for the rounding of the cosine itself.
 */

import type { TextRotary } from '../architecture';
import type { RotaryTables } from '../types';

const { fround } = Math;

/** theta^(-2i/dim) for i = 0 … dim/2 - 1, each divided by its factor, if there are any. // [dim/2] */
export function inverseFrequencies(theta: number, dim: number, factors?: readonly number[]): Float32Array {
  const period = (i: number) => fround(theta ** fround((2 * i) / dim));
  return Float32Array.from(
    { length: dim / 2 },
    (_, i) => 1 / (factors ? fround(fround(factors[i]!) * period(i)) : period(i)),
  );
}

/** Cosines and sines of an angle per row and column, times `scale`. // [rows, columns] */
export function rotaryTables(
  rows: number,
  columns: number,
  angle: (row: number, column: number) => number,
  scale = 1,
): RotaryTables {
  const cos = new Float32Array(rows * columns);
  const sin = new Float32Array(rows * columns);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      const radians = fround(angle(row, column));
      cos[i] = fround(Math.cos(radians)) * fround(scale);
      sin[i] = fround(Math.sin(radians)) * fround(scale);
    }
  }
  return { cos, sin, rows, columns };
}

/** Angles of one position per token, counted from 0, whatever the token is. */
export function plainRotary({ ropeTheta, headDim }: { ropeTheta: number; headDim: number }): TextRotary {
  const frequencies = inverseFrequencies(ropeTheta, headDim); // [headDim/2]
  const none = (): never => {
    throw new Error('internal: this model has no positions on three axes');
  };
  return {
    positions: ['1d'],
    key: () => '',
    sequence: (rows) => rotaryTables(rows, frequencies.length, (row, column) => row * frequencies[column]!),
    positionsOf: none,
    rows: none,
  };
}
