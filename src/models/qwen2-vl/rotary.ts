/**
 * @file Rotary tables, computed with float32 rounding at each step as transformers does, so that the angles agree to
 * the last bit but for the cosine itself.
 */

import type { Grid, Qwen2VLConfig, RotaryTables } from '../types';

const { fround } = Math;
/** Base of the vision tower's rotary embedding; not in the config. */
const VISION_THETA = 10_000;

/** theta^(-2i/dim) for i = 0 … dim/2 - 1. // [dim/2] */
function inverseFrequencies(theta: number, dim: number): Float32Array {
  return Float32Array.from({ length: dim / 2 }, (_, i) => 1 / fround(theta ** fround((2 * i) / dim)));
}

/**
 * Angles of the language model: one position per token, the same on all three axes of M-RoPE, because VLM2Vec's
 * prompts have no `<|vision_start|>`. // [length, headDim/2]
 */
export function textRotary(config: Qwen2VLConfig, length: number): RotaryTables {
  const frequencies = inverseFrequencies(config.ropeTheta, config.headDim);
  return tables(length, frequencies.length, (row, column) => row * frequencies[column]!);
}

/**
 * Angles of the vision tower: the first half of the columns turns with the patch's row, the second with its column.
 * Patches come in merge-block order: block by block, and row by row within each block of mergeSize × mergeSize.
 * // [grid.height·grid.width, headDim/2]
 */
export function visionRotary(config: Qwen2VLConfig, grid: Grid): RotaryTables {
  const { headDim, mergeSize } = config.vision;
  const frequencies = inverseFrequencies(VISION_THETA, headDim / 2);
  const half = frequencies.length;
  const blocksPerRow = grid.width / mergeSize;
  return tables(grid.height * grid.width, 2 * half, (patch, column) => {
    const block = Math.floor(patch / mergeSize ** 2);
    const inBlock = patch % mergeSize ** 2;
    const y = Math.floor(block / blocksPerRow) * mergeSize + Math.floor(inBlock / mergeSize);
    const x = (block % blocksPerRow) * mergeSize + (inBlock % mergeSize);
    return (column < half ? y : x) * frequencies[column % half]!;
  });
}

function tables(rows: number, columns: number, angle: (row: number, column: number) => number): RotaryTables {
  const cos = new Float32Array(rows * columns);
  const sin = new Float32Array(rows * columns);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      const radians = fround(angle(row, column));
      cos[i] = Math.cos(radians);
      sin[i] = Math.sin(radians);
    }
  }
  return { cos, sin, rows, columns };
}
