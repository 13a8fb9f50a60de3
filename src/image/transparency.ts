/** @file RGBA → RGB: alpha dropped, or the picture laid over white. */

/** What becomes of a picture's alpha channel. `drop`: colours as they are stored; `white`: mixed with white by it. */
export type Transparency = 'drop' | 'white';

/** A channel over white, rounded as Pillow does when it pastes with a mask. */
export function overWhite(value: number, alpha: number): number {
  const scaled = value * alpha + 255 * (255 - alpha) + 128;
  return (scaled + (scaled >> 8)) >> 8;
}

/** Straight RGBA as RGB, written to `out` from `to` on. // [pixels, 4] → [pixels, 3] */
export function writeRgb(
  rgba: ArrayLike<number>,
  pixels: number,
  { out, to = 0, transparency = 'drop' }: { out: Uint8Array; to?: number; transparency?: Transparency },
): void {
  const isMixed = transparency === 'white';
  for (let from = 0, at = to; from < pixels * 4; from += 4, at += 3) {
    const alpha = isMixed ? rgba[from + 3]! : 255;
    const isOpaque = alpha === 255;
    out[at] = isOpaque ? rgba[from]! : overWhite(rgba[from]!, alpha);
    out[at + 1] = isOpaque ? rgba[from + 1]! : overWhite(rgba[from + 1]!, alpha);
    out[at + 2] = isOpaque ? rgba[from + 2]! : overWhite(rgba[from + 2]!, alpha);
  }
}
