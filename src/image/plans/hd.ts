/**
 * @file The HD plan of Phi-3-Vision: as many square tiles as the picture's aspect and a number of crops allow, white above
 * and below the rest of the last row of tiles, and a view of all of it in one tile.
 */

import { InvalidInputError } from '../../errors';
import type { ImageSize } from '../types';

/** Beyond this nothing was trained, and a picture would hold more pixels than are computed. */
export const MAX_CROPS = 256;

/** Whole numbers that say how a picture is laid out. */
export interface HdLayout {
  /** What the picture is resized to. */
  readonly size: ImageSize;
  /** Of tiles. */
  readonly rows: number;
  readonly columns: number;
}

/**
 * The float64 divisions are the authors' own: for some sizes they give another height than whole numbers would.
 * @throws InvalidInputError for a picture so narrow that nothing of it is left, and for too many crops
 */
export function hdLayout({ width, height }: ImageSize, { tile, crops }: { tile: number; crops: number }): HdLayout {
  if (crops > MAX_CROPS) {
    throw new InvalidInputError(`numCrops is ${crops}; the limit is ${MAX_CROPS}.`, { option: 'numCrops' });
  }
  const transposed = width < height;
  const ratio = transposed ? height / width : width / height;
  let across = 1;
  while ((across + 1) * Math.ceil((across + 1) / ratio) <= crops) across++;
  const longer = tile * across;
  const shorter = Math.trunc(longer / ratio);
  if (shorter === 0) {
    throw new InvalidInputError(
      `The image is ${width}×${height} pixels: its shorter side would vanish. Crop it first.`,
      { width, height },
    );
  }
  const down = Math.ceil(shorter / tile);
  return {
    size: transposed ? { width: shorter, height: longer } : { width: longer, height: shorter },
    rows: transposed ? across : down,
    columns: transposed ? down : across,
  };
}
