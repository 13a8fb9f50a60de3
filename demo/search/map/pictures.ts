/** @file Which points of the map are shown as pictures: few enough to be seen, none over another, and only what is in view. */
import { toPlane, type MapPoints, type View } from './points';

/** The size of a picture on the map, in CSS pixels. */
export const SIDE = 56;
/** With more points in view than this, dots tell more. */
const CROWD = 150;
/** The most pictures that are loaded at once. */
export const MOST_SHOWN = 80;
/** Two pictures may cover each other by a fifth. */
const APART = SIDE * 0.8;

interface Size {
  /** CSS pixels. */
  width: number;
  height: number;
}

/**
 * @param first those that take precedence if there is not room for all
 * @returns positions of points, those that go first in front; none while too many are in view
 */
export function shownAsPictures(
  points: MapPoints,
  view: View,
  { width, height }: Size,
  first: ReadonlySet<number> | null,
): number[] {
  const [minX, minY] = toPlane(view, 0, 0);
  const [maxX, maxY] = toPlane(view, width, height);
  const inView = points.within({ minX, minY, maxX, maxY });
  if (inView.length > CROWD) return [];
  const ranked = first ? [...inView.filter((i) => first.has(i)), ...inView.filter((i) => !first.has(i))] : inView;
  const shown: number[] = [];
  const near = (i: number, j: number) =>
    Math.abs(points.x[i]! - points.x[j]!) * view.k < APART && Math.abs(points.y[i]! - points.y[j]!) * view.k < APART;
  for (const i of ranked) {
    if (shown.length === MOST_SHOWN) break;
    if (!shown.some((j) => near(i, j))) shown.push(i);
  }
  return shown;
}
