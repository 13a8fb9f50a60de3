/** @file Learned positions of a square table, stretched over a grid of patches. */

import type { PicturePlan, PositionMixture } from '../architecture';

/**
 * Bilinear between the table's four nearest rows, with aligned corners and never antialiased, even if the grid is finer
 * than the table. Patches come in merge-block order. // [patches, 4]
 */
export function positionMixture(
  { tableSide, mergeSize }: { readonly tableSide: number; readonly mergeSize: number },
  { height, width }: PicturePlan['grid'],
): PositionMixture {
  const rows = new Int32Array(height * width * 4);
  const weights = new Float32Array(height * width * 4);
  const [down, across] = [alongAxis(height, tableSide), alongAxis(width, tableSide)];
  let at = 0;
  for (let blockRow = 0; blockRow < height; blockRow += mergeSize) {
    for (let blockColumn = 0; blockColumn < width; blockColumn += mergeSize) {
      for (let row = blockRow; row < blockRow + mergeSize; row++) {
        for (let column = blockColumn; column < blockColumn + mergeSize; column++) {
          for (const y of down[row]!) {
            for (const x of across[column]!) {
              rows[at] = y.index * tableSide + x.index;
              weights[at++] = y.weight * x.weight;
            }
          }
        }
      }
    }
  }
  return { rows, weights };
}

interface Neighbour {
  readonly index: number;
  readonly weight: number;
}

/** The two rows of the table, or its two columns, that each of `count` places lies between. */
function alongAxis(count: number, side: number): (readonly [Neighbour, Neighbour])[] {
  return Array.from({ length: count }, (_, i) => {
    const place = count === 1 ? 0 : (i * (side - 1)) / (count - 1);
    const below = Math.floor(place);
    const fraction = place - below;
    return [
      { index: below, weight: 1 - fraction },
      { index: Math.min(below + 1, side - 1), weight: fraction },
    ];
  });
}
