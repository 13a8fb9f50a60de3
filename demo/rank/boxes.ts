/** @file Boxes on a picture, as fractions of its sides, and the part of the picture inside. */

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const LEAST = 0.03;
const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** Inside the picture, and large enough to be seen. */
export function tidy({ x, y, width, height }: Box): Box {
  const w = clamp(width, LEAST, 1);
  const h = clamp(height, LEAST, 1);
  return { x: clamp(x, 0, 1 - w), y: clamp(y, 0, 1 - h), width: w, height: h };
}

/** The box between two corners. */
export function between(a: { x: number; y: number }, b: { x: number; y: number }): Box {
  return tidy({
    x: Math.min(a.x, b.x),
    y: Math.min(a.y, b.y),
    width: Math.abs(a.x - b.x),
    height: Math.abs(a.y - b.y),
  });
}

/** What a key does to a box; null if it does nothing. */
export function onKey(box: Box, key: string, shift: boolean): Box | null {
  const step = 0.02;
  const [dx, dy] =
    { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[key] ?? [];
  if (dx === undefined || dy === undefined) return null;
  if (!shift) return tidy({ ...box, x: box.x + dx, y: box.y + dy });
  return tidy({
    ...box,
    width: clamp(box.width + dx, LEAST, 1 - box.x),
    height: clamp(box.height + dy, LEAST, 1 - box.y),
  });
}

/** A box in whole pixels of a picture, at least one each way. */
export function inPixels({ x, y, width, height }: Box, size: { width: number; height: number }): Box {
  const left = Math.min(size.width - 1, Math.round(x * size.width));
  const top = Math.min(size.height - 1, Math.round(y * size.height));
  return {
    x: left,
    y: top,
    width: clamp(Math.round(width * size.width), 1, size.width - left),
    height: clamp(Math.round(height * size.height), 1, size.height - top),
  };
}
