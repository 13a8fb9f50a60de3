/** @file Pictures: decoding as the reference reads them, Pillow's resize, patches for the vision tower. */
export { decodeImage } from './decode';
export { imageGrid, imagePatches, type ImagePatches } from './patches';
export { resizeBicubic } from './resize';
export { resizeFile } from './resize-file';
export { smartResize, type SmartResizeOptions } from './plans/native';
export { MAX_INPUT_PIXELS, type DecodeOptions, type ImageInput, type RgbImage } from './types';
