/** @file Pictures are squeezed to a square, whatever their shape, and cut into patches. */

import { patchRows, resizeBicubic, resizeBilinear, type Normalization, type RgbImage } from '../../image';
import type { Picture } from '../architecture';
import { refuseSteps } from '../picture-steps';

/** The Pillow filter with which pictures are resized. */
export type Filter = 'bilinear' | 'bicubic';

/** As stated in the checkpoint's files; kept in the bundle. */
export interface SquareConfig extends Normalization {
  /** The side of a picture, in pixels. */
  readonly size: number;
  readonly patchSize: number;
  readonly filter: Filter;
}

const RESIZE = { bilinear: resizeBilinear, bicubic: resizeBicubic } as const;

export function squarePicture(config: SquareConfig): Picture {
  const { size, patchSize, filter } = config;
  const side = Math.floor(size / patchSize);
  return {
    options: [],
    plan(_, { resize = [] }) {
      refuseSteps(resize);
      return {
        key: 'square',
        sequences: 1,
        patches: side ** 2,
        length: side ** 2,
        tokens: 0, // it is not part of a prompt
        features: 1,
        featureRows: null,
        grid: { height: side, width: side },
        cells: { height: 1, width: 1 },
        sizes: [{ width: size, height: size }],
      };
    },
    fill(image) {
      const square = image.width === size && image.height === size ? image : RESIZE[filter](image, size, size);
      return patchRows(topLeft(square, side * patchSize), { ...config, mergeSize: 1 });
    },
    rotary: () => null,
  };
}

/** Only complete patches count: pixels beyond the last one, to the right and below, are not seen. */
function topLeft(image: RgbImage, side: number): RgbImage {
  if (image.width === side && image.height === side) return image;
  const data = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    const start = y * image.width * 3;
    data.set(image.data.subarray(start, start + side * 3), y * side * 3);
  }
  return { width: side, height: side, data };
}
