/** @file RGBA → RGB: the alpha channel is dropped, or the picture is placed over white. */

/**
 * How a picture's alpha channel is handled. `drop`: colours are used as stored; `white`: they are blended with white.
 */
export type Transparency = 'drop' | 'white';

/** Blends a channel with white, rounding as Pillow does when it pastes with a mask. */
export function overWhite(value: number, alpha: number): number {
  const scaled = value * alpha + 255 * (255 - alpha) + 128;
  return (scaled + (scaled >> 8)) >> 8;
}

/** Writes straight RGBA as RGB to `out`, starting at `to`. // [pixels, 4] → [pixels, 3] */
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
