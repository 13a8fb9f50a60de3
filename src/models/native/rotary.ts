/** @file Positions and rotary angles for both towers: for patches in a grid, and for tokens on three axes. */

import type { EncodedPrompt, PicturePlan, TextRotary } from '../architecture';
import { inverseFrequencies, rotaryTables } from '../blocks/rotary';
import type { RotaryTables } from '../types';

/** Base of the vision tower's rotary embedding; not in the config. */
const VISION_THETA = 10_000;

/** The settings that determine the angles of tokens. */
export interface TokenHeads {
  readonly ropeTheta: number;
  readonly headDim: number;
  /** Columns of the rotary tables that turn with time, row and column; null if the checkpoint does not say. */
  readonly mropeSection: readonly [time: number, row: number, column: number] | null;
  /** Whether the axes alternate, column by column, instead of following one another. @default false */
  readonly interleaved?: boolean;
  /** `<|vision_start|>`; null if the checkpoint does not say. */
  readonly visionStartTokenId: number | null;
}

/** The settings that determine the angles of patches. */
export interface PatchHeads {
  readonly headDim: number;
  /** Patches along each side of a block. */
  readonly mergeSize: number;
}

/** The language model's angles, for one position per token or for three. */
export function textRotary(config: TokenHeads): TextRotary {
  const frequencies = inverseFrequencies(config.ropeTheta, config.headDim); // [headDim/2]
  const axes = axisOfColumn(config);
  return {
    positions: axes === null || config.visionStartTokenId === null ? ['1d'] : ['1d', 'mrope'],
    key: () => '',
    sequence: (rows) => rotaryTables(rows, frequencies.length, (row, column) => row * frequencies[column]!),
    positionsOf: (encoded, pictures) => mropePositions(config, encoded, pictures),
    rows(positions) {
      const count = positions.length / 3;
      return rotaryTables(
        count,
        frequencies.length,
        (row, column) => positions[axes![column]! * count + row]! * frequencies[column]!,
      );
    },
  };
}

/**
 * Which axis each column turns with: [16, 24, 24] columns of time, row and column. If interleaved, rows and columns get
 * every third one until they have their number, and time gets the rest.
 */
function axisOfColumn({ mropeSection: section, interleaved, headDim }: TokenHeads): Uint8Array | null {
  if (section === null) return null;
  if (!interleaved) return Uint8Array.from(section.flatMap((columns, axis) => new Array<number>(columns).fill(axis)));
  const axisOf = (column: number) => (column < 3 * section[column % 3]! ? column % 3 : 0);
  return Uint8Array.from({ length: headDim / 2 }, (_, column) => axisOf(column));
}

/**
 * M-RoPE. A picture's run of image tokens that directly follows `<|vision_start|>` spreads over rows and columns from
 * the position that the text has reached, and the text continues after the larger of the two; everything else counts by
 * one. The rule of `get_rope_index` in transformers from 4.47 on. // [3, tokens]
 */
function mropePositions(
  { visionStartTokenId }: TokenHeads,
  { ids, images }: EncodedPrompt,
  pictures: readonly PicturePlan[],
): Int32Array {
  const count = ids.length;
  const positions = new Int32Array(3 * count);
  const starts = new Map(images.map((image, i) => [image.start, pictures[i]!.cells]));
  let next = 0;
  for (let i = 0; i < count;) {
    const cells = i > 0 && ids[i - 1] === visionStartTokenId ? starts.get(i) : undefined;
    if (cells === undefined) {
      for (let axis = 0; axis < 3; axis++) positions[axis * count + i] = next;
      next++;
      i++;
      continue;
    }
    for (let row = 0; row < cells.height; row++) {
      for (let column = 0; column < cells.width; column++, i++) {
        positions[i] = next;
        positions[count + i] = next + row;
        positions[2 * count + i] = next + column;
      }
    }
    next += Math.max(cells.height, cells.width);
  }
  return positions;
}

/**
 * Angles of the vision tower: the first half of the columns depends on the patch's row, the second on its column.
 * Patches come in merge-block order: block by block, and row by row within each block of mergeSize × mergeSize.
 * // [grid.height·grid.width, headDim/2]
 */
export function visionRotary({ headDim, mergeSize }: PatchHeads, grid: PicturePlan['grid']): RotaryTables {
  const frequencies = inverseFrequencies(VISION_THETA, headDim / 2);
  const half = frequencies.length;
  const blocksPerRow = grid.width / mergeSize;
  return rotaryTables(grid.height * grid.width, 2 * half, (patch, column) => {
    const block = Math.floor(patch / mergeSize ** 2);
    const inBlock = patch % mergeSize ** 2;
    const y = Math.floor(block / blocksPerRow) * mergeSize + Math.floor(inBlock / mergeSize);
    const x = (block % blocksPerRow) * mergeSize + (inBlock % mergeSize);
    return (column < half ? y : x) * frequencies[column % half]!;
  });
}
