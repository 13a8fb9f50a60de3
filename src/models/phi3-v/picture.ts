/** @file Pictures of Phi-3-Vision: tiles of the HD plan, and the order of their visual tokens in the prompt. */

import { hdLayout, hdPatches, type TileOptions } from '../../image';
import type { Picture } from '../architecture';
import { clipPatches, type ClipConfig } from '../blocks/clip';
import { refuseSteps } from '../picture-steps';

/** As stated in the checkpoint's files; kept in the bundle. */
export interface HdConfig extends TileOptions {
  /** The most tiles for a picture, not counting the view of all of it. */
  readonly numCrops: number;
}

/** After the visual tokens of every tile: the separator that ends a row, and the one before the view. */
export const CONSTANT_ROWS = 2;

export function hdPicture(vision: ClipConfig, image: HdConfig): Picture {
  const { tile, patchSize } = image;
  const patches = clipPatches(vision);
  const perSide = tile / patchSize / 2;
  return {
    options: ['numCrops'],
    // One crop: 313 visual tokens. The checkpoint's own number would make 2,509 even for the smallest picture.
    probe: { options: { numCrops: 1 } },
    plan(size, { numCrops = image.numCrops, resize = [] }) {
      refuseSteps(resize);
      const { rows, columns, size: resized } = hdLayout(size, { tile, crops: numCrops });
      const sequences = 1 + rows * columns;
      const featureRows = rowsInOrder({ rows, columns, perSide });
      return {
        key: `${sequences}`,
        sequences,
        patches,
        length: patches + 1, // plus the class token
        tokens: featureRows.length,
        features: sequences * (perSide ** 2 + CONSTANT_ROWS),
        featureRows,
        grid: { height: (rows * tile) / patchSize, width: (columns * tile) / patchSize },
        cells: { height: rows * perSide, width: columns * perSide },
        sizes: [resized],
      };
    },
    fill(picture, { grid, sizes }) {
      const perTile = tile / patchSize;
      const layout = { size: sizes[0]!, rows: grid.height / perTile, columns: grid.width / perTile };
      return hdPatches(picture, layout, image);
    },
    rotary: () => null,
  };
}

/**
 * The rows of all tiles together, each with its end; then the other separator; then the view's rows, each with its end.
 */
function rowsInOrder({ rows, columns, perSide }: { rows: number; columns: number; perSide: number }): Int32Array {
  const ofTile = perSide ** 2;
  const perTile = ofTile + CONSTANT_ROWS;
  const endOfRow = ofTile;
  const beforeView = ofTile + 1;
  const order: number[] = [];
  for (let row = 0; row < rows * perSide; row++) {
    for (let column = 0; column < columns * perSide; column++) {
      const tile = 1 + Math.floor(row / perSide) * columns + Math.floor(column / perSide);
      order.push(tile * perTile + (row % perSide) * perSide + (column % perSide));
    }
    order.push(endOfRow);
  }
  order.push(beforeView);
  for (let row = 0; row < perSide; row++) {
    for (let column = 0; column < perSide; column++) order.push(row * perSide + column);
    order.push(endOfRow);
  }
  return Int32Array.from(order);
}
