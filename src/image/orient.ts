/** @file Turns pixels upright by the EXIF orientation, as `PIL.ImageOps.exif_transpose` does. */
import type { RgbImage } from './types';

/** Where the upright image's axes run in the stored image: flipped or not, and whether rows are columns. */
const TURNS: Record<number, { transpose: boolean; flipX: boolean; flipY: boolean }> = {
  2: { transpose: false, flipX: true, flipY: false },
  3: { transpose: false, flipX: true, flipY: true },
  4: { transpose: false, flipX: false, flipY: true },
  5: { transpose: true, flipX: false, flipY: false },
  6: { transpose: true, flipX: false, flipY: true },
  7: { transpose: true, flipX: true, flipY: true },
  8: { transpose: true, flipX: true, flipY: false },
};

/** `orientation` 1 to 8; 1 gives the image itself. */
export function orientImage(image: RgbImage, orientation: number): RgbImage {
  const turn = TURNS[orientation];
  if (turn === undefined) return image;
  const { width, height, data } = image;
  const uprightWidth = turn.transpose ? height : width;
  const uprightHeight = turn.transpose ? width : height;
  const upright = new Uint8Array(data.length);
  // Steps through the stored image for one upright column and one upright row; flips refer to stored axes.
  const alongX = turn.flipX ? -3 : 3;
  const alongY = (turn.flipY ? -width : width) * 3;
  const [column, row] = turn.transpose ? [alongY, alongX] : [alongX, alongY];
  const start = ((turn.flipY ? height - 1 : 0) * width + (turn.flipX ? width - 1 : 0)) * 3;
  let target = 0;
  for (let y = 0; y < uprightHeight; y++) {
    let source = start + y * row;
    for (let x = 0; x < uprightWidth; x++, source += column) {
      upright[target] = data[source]!;
      upright[target + 1] = data[source + 1]!;
      upright[target + 2] = data[source + 2]!;
      target += 3;
    }
  }
  return { width: uprightWidth, height: uprightHeight, data: upright };
}
