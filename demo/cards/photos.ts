/**
 * @file Three synthetic photos, as large as a phone's, for measuring how long decoding, resizing and embedding such
 * files takes.
 */

const SIDES = [
  [4000, 3000],
  [3000, 4000],
  [4608, 2592],
] as const;
const SHAPES = 60;
const NOISE_SIDE = 256;

export function drawPhotos(): Promise<Blob[]> {
  return Promise.all(SIDES.map(([width, height], seed) => drawPhoto(width, height, seed + 1)));
}

/**
 * A gradient, rectangles, and noise over all: without it, a JPEG would be smaller and faster to decode than a photo.
 */
async function drawPhoto(width: number, height: number, seed: number): Promise<Blob> {
  const random = sequence(seed);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  const hue = () => `hsl(${Math.floor(360 * random())} ${Math.floor(80 * random())}% ${Math.floor(90 * random())}%)`;
  const sky = context.createLinearGradient(0, 0, width, height);
  sky.addColorStop(0, hue());
  sky.addColorStop(1, hue());
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  for (let i = 0; i < SHAPES; i++) {
    context.fillStyle = hue();
    context.fillRect(width * random(), height * random(), (width / 4) * random(), (height / 4) * random());
  }
  context.globalAlpha = 0.12;
  context.fillStyle = context.createPattern(noise(random), 'repeat')!;
  context.fillRect(0, 0, width, height);
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
}

function noise(random: () => number): OffscreenCanvas {
  const canvas = new OffscreenCanvas(NOISE_SIDE, NOISE_SIDE);
  const pixels = new ImageData(NOISE_SIDE, NOISE_SIDE);
  for (let i = 0; i < pixels.data.length; i++) pixels.data[i] = i % 4 === 3 ? 255 : Math.floor(256 * random());
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
  return canvas;
}

/** 0 to 1, the same for the same seed (xorshift). */
function sequence(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
