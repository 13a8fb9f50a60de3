/** @file A picture file resized before it is made RGB, as Pillow code does that resizes what `Image.open` gives. */
import { decodeImage } from './decode';
import { readHeader } from './headers';
import { resizeBicubic } from './resize';
import { resizeNearest } from './resize-nearest';
import type { DecodeOptions, RgbImage } from './types';

/**
 * `Image.open(file).resize((width, height)).convert('RGB')`: bicubic, but nearest for pictures with a palette and for
 * bilevel ones, which Pillow does not interpolate. Pillow multiplies translucent colours by their alpha meanwhile; that
 * is not done here. Rejects as {@link decodeImage} does.
 */
export async function resizeFile(
  bytes: Uint8Array,
  width: number,
  height: number,
  options: DecodeOptions = {},
): Promise<RgbImage> {
  const image = await decodeImage(bytes, { orientation: 'stored', ...options });
  const resize = readHeader(bytes).indexed ? resizeNearest : resizeBicubic;
  return resize(image, width, height);
}
