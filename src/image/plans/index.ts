/** @file How pictures are resized and cut, by plan; what a caller may set of it. */

import type { ResizeStep } from './native';

export { hdLayout, MAX_CROPS, type HdLayout } from './hd';
export { FIT_FILE, nativeSizes, smartResize, type NativeLimits, type ResizeStep, type SizesOptions } from './native';

/** What a caller may set, where the architecture's plan has it. */
export type PictureOption = 'minPixels' | 'maxPixels' | 'numCrops';

export interface PictureOptions {
  /** The recipe's steps, for plans that have any. @default the checkpoint's own limits */
  readonly resize?: readonly ResizeStep[];
  /** Area limits in place of the last step's, in pixels. */
  readonly minPixels?: number;
  readonly maxPixels?: number;
  /** Tiles that a picture is cut into at most. */
  readonly numCrops?: number;
}
