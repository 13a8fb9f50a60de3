/** @file Marks on the canvas, and which of them have room for their names. */
import type { View } from '../map/points';
import type { Located } from './use-clusters';
import { Room } from './labels';
import { SIDE, type PlacedMark } from './marks';
import { boxOfRect, placesOn, stepOf, type Rect, type Size } from './view';

const REACH = SIDE / 2;
/** The widest name below a mark, in CSS pixels; wider ones are cut. */
export const NAME = { height: 17, most: 150 };

/** The controls over the corners of the map. */
const TOOLS = { wide: 52, high: 136, long: 290, low: 52 };

/** @param widthOf a name, in CSS pixels @returns with what of the canvas is covered */
export function placeMarks(
  { ids, clusters }: Located,
  view: View,
  { width, height }: Size,
  widthOf: (name: string) => number,
): { marks: PlacedMark[]; taken: Rect[]; named: Set<string>; pictures: number } {
  const box = boxOfRect(view, { left: -REACH, top: -REACH, right: width + REACH, bottom: height + REACH });
  const marks = clusters
    .within(box, stepOf(view.k))
    .flatMap((mark) =>
      placesOn(view, width, REACH, mark).map((at) => ({ ...mark, ...at, id: ids[mark.first]!, label: '' })),
    );
  const taken: Rect[] = [
    { left: width - TOOLS.wide, top: 0, right: width, bottom: TOOLS.high },
    { left: 0, top: height - TOOLS.low, right: TOOLS.long, bottom: height },
    ...marks.map(({ left, top }) => {
      return { left: left - REACH, top: top - REACH, right: left + REACH, bottom: top + REACH };
    }),
  ];
  const room = new Room(taken);
  const named = new Set<string>();
  for (const mark of marks) {
    const [name = ''] = mark.name.split(', ');
    if (!name) continue;
    const half = Math.min(NAME.most, widthOf(name)) / 2;
    const top = mark.top + REACH + 4;
    const rect = { left: mark.left - half, top, right: mark.left + half, bottom: top + NAME.height };
    const isWhole = rect.left >= 0 && rect.right <= width && rect.bottom <= height;
    if (!isWhole || !room.ask(rect)) continue;
    mark.label = name;
    taken.push(rect);
    named.add(name);
  }
  const seen = new Map(marks.map(({ key, count }) => [key, count]));
  return { marks, taken, named, pictures: [...seen.values()].reduce((sum, count) => sum + count, 0) };
}
