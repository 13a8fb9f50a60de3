/**
 * @file Synthetic pictures: a background, shapes on it, and sometimes noise. Only integer arithmetic is used, so that
 * every platform draws the same.
 */

import type { RgbImage } from '../../image';
import type { Draw } from './random';

type Colour = readonly [number, number, number];

/** Draws a picture of about `area` pixels. */
export function drawPicture(draw: Draw, area: number): RgbImage {
  const [wide, high] = draw.of([
    [1, 1],
    [4, 3],
    [3, 4],
    [3, 2],
    [2, 3],
    [16, 9],
  ] as const);
  const unit = Math.floor(Math.sqrt(Math.floor(area / (wide * high)))); // exact for integers this small
  const [width, height] = [Math.max(28, wide * unit), Math.max(28, high * unit)];
  const data = new Uint8Array(width * height * 3);
  const image = { width, height, data };
  fillGround(image, draw, draw.chance(3, 10));
  const shapes = draw.between(1, 9);
  for (let i = 0; i < shapes; i++) addShape(image, draw);
  if (draw.chance(2, 10)) addNoise(image, draw);
  return image;
}

const colour = (draw: Draw): Colour => [draw.below(256), draw.below(256), draw.below(256)];

/** One colour, or a gradient between two. */
function fillGround({ width, height, data }: RgbImage, draw: Draw, isGradient: boolean): void {
  const from = colour(draw);
  const to = isGradient ? colour(draw) : from;
  const [across, down] = draw.of([
    [1, 0],
    [0, 1],
    [1, 1],
  ] as const);
  const span = across * (width - 1) + down * (height - 1);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = across * x + down * y;
      for (let c = 0; c < 3; c++) data[i++] = from[c]! + Math.trunc(((to[c]! - from[c]!) * at) / span);
    }
  }
}

/** A rectangle, an ellipse, a triangle, or stripes. */
function addShape({ width, height, data }: RgbImage, draw: Draw): void {
  const paint = colour(draw);
  const [halfWidth, halfHeight] = [draw.between(3, width >> 1), draw.between(3, height >> 1)];
  const [middleX, middleY] = [draw.below(width), draw.below(height)];
  const kind = draw.below(4);
  const period = draw.between(4, 16);
  for (let y = Math.max(0, middleY - halfHeight); y < Math.min(height, middleY + halfHeight); y++) {
    for (let x = Math.max(0, middleX - halfWidth); x < Math.min(width, middleX + halfWidth); x++) {
      const [dx, dy] = [x - middleX, y - middleY];
      const isInside =
        kind === 0 ||
        (kind === 1 && (dx * halfHeight) ** 2 + (dy * halfWidth) ** 2 <= (halfWidth * halfHeight) ** 2) ||
        (kind === 2 && 2 * Math.abs(dx) * halfHeight <= halfWidth * (dy + halfHeight)) ||
        (kind === 3 && (dx + dy + halfWidth + halfHeight) % period < period >> 1);
      if (isInside) data.set(paint, (y * width + x) * 3);
    }
  }
}

function addNoise({ data }: RgbImage, draw: Draw): void {
  const most = draw.between(8, 64);
  for (let i = 0; i < data.length; i++) data[i] = Math.min(255, Math.max(0, data[i]! + draw.between(-most, most)));
}
