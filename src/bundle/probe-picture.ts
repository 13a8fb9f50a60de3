/**
 * @file A picture that every platform draws identically: integer arithmetic only, no codec, no canvas. The probe embeds
 * it at conversion and again on each device. Like a photograph, it has smooth gradients, edges and noise.
 */

/** An image in the form that `image/` produces. */
export interface ProbePicture {
  width: number;
  height: number;
  /** RGB. // [height, width, 3] */
  data: Uint8Array;
}

/**
 * Draws the picture of `seed`: a colour gradient, twelve filled rectangles, and a little noise over everything.
 * `width` and `height` in pixels, positive integers.
 */
export function probePicture({ width, height, seed }: { width: number; height: number; seed: number }): ProbePicture {
  const random = xorshift(seed);
  const below = (n: number) => random() % n;
  const data = new Uint8Array(width * height * 3);
  const corner = Array.from({ length: 3 }, () => below(256));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data[i++] = (corner[0]! + Math.floor((x * 255) / width)) & 255;
      data[i++] = (corner[1]! + Math.floor((y * 255) / height)) & 255;
      data[i++] = (corner[2]! + Math.floor(((x + y) * 255) / (width + height))) & 255;
    }
  }
  for (let shape = 0; shape < 12; shape++) {
    const [left, top] = [below(width), below(height)];
    const right = Math.min(width, left + 1 + below(Math.ceil(width / 2)));
    const bottom = Math.min(height, top + 1 + below(Math.ceil(height / 2)));
    const colour = [below(256), below(256), below(256)];
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) data.set(colour, (y * width + x) * 3);
    }
  }
  for (let i = 0; i < data.length; i++) data[i] = Math.min(255, Math.max(0, data[i]! + below(9) - 4));
  return { width, height, data };
}

/** Marsaglia's 32-bit xorshift (13, 17, 5). */
function xorshift(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
