/** @file Pixels among what is embedded. */

import type { EmbedderInput } from '../types';

/**
 * Pixels that wait for the model or are with it, together: beyond this decoding waits. A picture with more goes to the
 * model as a file, and is decoded there again: two such in memory are too many.
 */
export const MOST_PIXELS = 64e6;

/** The memory of pixels, for transferring them with these inputs. */
export function pixelBuffers(inputs: readonly EmbedderInput[]): ArrayBuffer[] {
  return inputs.flatMap(({ image }) =>
    image !== undefined && 'data' in image && image.data instanceof Uint8Array
      ? [image.data.buffer as ArrayBuffer]
      : [],
  );
}
