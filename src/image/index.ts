/** @file Pictures: decoding as the reference reads them, Pillow's resize, patches for the vision tower. */
export { decodeImage } from './decode';
export { patchRows, resizeSteps, type Normalization, type PatchOptions } from './patches';
export { resizeBicubic } from './resize';
export { resizeFile } from './resize-file';
export {
  FIT_FILE,
  nativeSizes,
  smartResize,
  type NativeLimits,
  type PictureOption,
  type PictureOptions,
  type ResizeStep,
  type SizesOptions,
} from './plans';
export { MAX_INPUT_PIXELS, type DecodeOptions, type ImageInput, type RgbImage, type Size } from './types';
