/**
 * @file A picture as it was indexed, for pages whose browser shows the file differently: HEIC, and orientations that it
 * ignores.
 */

import { decodePicture } from '../../image';

const QUALITY = 0.92;

/** JPEG, upright. @throws ImageFormatError, ImageTooLargeError */
export async function uprightPicture(file: Blob): Promise<Blob> {
  const { width, height, data } = (await decodePicture(file)).image;
  const pixels = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    pixels.data[to] = data[from]!;
    pixels.data[to + 1] = data[from + 1]!;
    pixels.data[to + 2] = data[from + 2]!;
    pixels.data[to + 3] = 255;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
  return canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY });
}
