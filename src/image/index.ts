/** @file Pictures: decoding as the reference reads them, Pillow's resize, patches for the vision tower. */
export { decodeImage, decodePicture, loadDecoders, readSize, type EncodedPicture, type Picture } from './decode';
export type { ImageFormat } from './headers';
export { hdPatches, type TileOptions } from './hd';
export { patchRows, resizeSteps, type Normalization, type PatchOptions } from './patches';
export {
  FIT_FILE,
  hdLayout,
  MAX_CROPS,
  nativeSizes,
  smartResize,
  type HdLayout,
  type NativeLimits,
  type PictureOption,
  type PictureOptions,
  type ResizeStep,
  type SizesOptions,
} from './plans';
export { tilePlan, unpadded, type TilePlan, type TileShapes } from './plans/tiles';
export { tilePatches, type CanvasOptions } from './tiles';
export { resizeBicubic, resizeBilinear } from './resize';
export { resizeFile } from './resize-file';
export { MAX_INPUT_PIXELS, type DecodeOptions, type ImageInput, type ImageSize, type RgbImage } from './types';
export type { Transparency } from './transparency';
