/** @file Pictures: decoding as the reference reads them, Pillow's resize, patches for the vision tower. */
export { decodeImage, decodePicture, readSize, type EncodedPicture, type Picture } from './decode';
export type { ImageFormat } from './headers';
export { imageGrid, imagePatches, type ImagePatches } from './patches';
export { resizeBicubic } from './resize';
export { resizeFile } from './resize-file';
export { smartResize, type SmartResizeOptions } from './plans/native';
export { MAX_INPUT_PIXELS, type DecodeOptions, type ImageInput, type ImageSize, type RgbImage } from './types';
