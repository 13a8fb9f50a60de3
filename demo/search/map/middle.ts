/** @file What stays in the middle of the map when its size changes. */
import { toPlane, type View } from './points';

/** A canvas, and the view in which it shows everything. */
export interface Frame {
  all: View;
  /** CSS pixels. */
  width: number;
  height: number;
}

/** What the user did to the view of everything: scaled by `k`, then moved. */
export interface Moved {
  k: number;
  x: number;
  y: number;
}

/** The same scale in another frame, around the point that was in the middle. */
export function keepMiddle({ k, x, y }: Moved, was: Frame, now: Frame): Moved {
  const view = { k: was.all.k * k, x: was.all.x * k + x, y: was.all.y * k + y };
  const [middleX, middleY] = toPlane(view, was.width / 2, was.height / 2);
  return {
    k,
    x: now.width / 2 - middleX * now.all.k * k - now.all.x * k,
    y: now.height / 2 - middleY * now.all.k * k - now.all.y * k,
  };
}
