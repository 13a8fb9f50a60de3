/** @file Pictures of LLaVA-NeXT: tiles, and which of their visual tokens are in the prompt. */

import {
  FIT_FILE,
  tilePatches,
  tilePlan,
  unpadded,
  type ImageSize,
  type CanvasOptions,
  type TilePlan,
} from '../../image';
import type { Picture, PicturePlan } from '../architecture';
import { clipPatches, type ClipConfig } from '../blocks/clip';

/** As stated in the checkpoint's files; kept in the bundle. */
export interface TileConfig extends CanvasOptions {
  readonly shapes: readonly ImageSize[];
}

/**
 * A strip: hardly any patch of its tiles is a visual token, which makes 648 instead of a square's 1,176. The larger
 * picture of the probe is kept, since it shows faults of single patches in any tile, which a strip hardly does.
 */
const PROBE_PICTURES = { 'small-picture': { width: 4, height: 56 } } as const;

/** After the tokens of every tile comes the one that ends a line. */
export const CONSTANT_ROWS = 1;

export function tiledPicture(vision: ClipConfig, image: TileConfig): Picture {
  const { tile, patchSize } = image;
  const side = tile / patchSize;
  const patches = clipPatches(vision);
  return {
    options: [],
    probe: { pictures: PROBE_PICTURES },
    plan(size, { resize = FIT_FILE }) {
      const plan = tilePlan(size, image, resize);
      const { before, shape, fitted } = plan;
      const grid = { height: shape.height / patchSize, width: shape.width / patchSize };
      const sequences = 1 + (shape.height / tile) * (shape.width / tile);
      const part = unpadded(before.at(-1) ?? size, { rows: grid.height, columns: grid.width });
      const featureRows = rowsInOrder(part, { side, tilesAcross: shape.width / tile });
      return {
        key: `${sequences}`,
        sequences,
        patches,
        length: patches + 1, // plus the class token
        tokens: featureRows.length,
        features: sequences * (patches + CONSTANT_ROWS),
        featureRows,
        grid,
        cells: { height: part.rows, width: part.columns },
        sizes: [...before, fitted],
      };
    },
    fill: (picture, plan) => tilePatches(picture, tilesOf(plan, patchSize), image),
    rotary: () => null,
  };
}

function tilesOf({ sizes, grid }: PicturePlan, patchSize: number): TilePlan {
  return {
    before: sizes.slice(0, -1),
    fitted: sizes.at(-1)!,
    shape: { width: grid.width * patchSize, height: grid.height * patchSize },
  };
}

/** The squeezed picture, then the shape's rows across all tiles, each with the end of a line. */
function rowsInOrder(
  { firstRow, rows, firstColumn, columns }: ReturnType<typeof unpadded>,
  { side, tilesAcross }: { side: number; tilesAcross: number },
): Int32Array {
  const patches = side * side;
  const perTile = patches + CONSTANT_ROWS;
  const endOfLine = patches;
  const order = new Int32Array(patches + rows * (columns + 1));
  for (let i = 0; i < patches; i++) order[i] = i;
  let at = patches;
  for (let row = firstRow; row < firstRow + rows; row++) {
    for (let column = firstColumn; column < firstColumn + columns; column++) {
      const tile = 1 + Math.floor(row / side) * tilesAcross + Math.floor(column / side);
      order[at++] = tile * perTile + (row % side) * side + (column % side);
    }
    order[at++] = endOfLine;
  }
  return order;
}
