/** @file Recognises pixels among the inputs to embed. */

import type { EmbedderInput } from '../types';

/**
 * The most pixels that may wait for the model or be with it, in all: beyond this, decoding waits. A larger picture goes
 * to the model as a file, and is decoded there again, since two such pictures in memory are too many.
 */
export const MOST_PIXELS = 64e6;

/** The buffers of pixels, for transferring them with these inputs. */
export function pixelBuffers(inputs: readonly EmbedderInput[]): ArrayBuffer[] {
  return inputs.flatMap(({ image }) =>
    image !== undefined && 'data' in image && image.data instanceof Uint8Array
      ? [image.data.buffer as ArrayBuffer]
      : [],
  );
}
