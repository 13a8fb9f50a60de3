/**
 * @file The pictures on the map: each mark is a picture with the number it represents and, if there is room, the name
 * of the place.
 */
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { placeStrings as strings } from '../../strings/places';
import { searchStrings } from '../../strings/search';
import { neighbour } from '../map/points';
import { Thumb } from '../parts/thumb';
import type { Mark } from './clusters';

/** The size of a mark, in CSS pixels. */
export const SIDE = 48;

export interface PlacedMark extends Mark {
  id: number;
  /** Distinguishes it from the same mark in a neighbouring copy of the world. */
  turn: number;
  /** The position of its centre, in CSS pixels. */
  left: number;
  top: number;
  /** '' if there is no room. */
  label: string;
}

export interface MarksProps {
  marks: readonly PlacedMark[];
  /** Whether a drag draws; then nothing gets in its way. */
  still: boolean;
  onOpen: (mark: PlacedMark) => void;
}

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const keyOf = ({ key, turn }: PlacedMark) => `${key} ${turn}`;

/** A single tab stop; arrow keys go from mark to mark. */
export function Marks({ marks, still, onOpen }: MarksProps): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  const [current, setCurrent] = useState('');
  const stop = marks.some((mark) => keyOf(mark) === current) ? current : marks[0] && keyOf(marks[0]);
  const onKeyDown = (event: KeyboardEvent) => {
    const arrow = ARROWS[event.key];
    if (!arrow || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const from = marks.findIndex((mark) => keyOf(mark) === stop);
    const points = { count: marks.length, x: marks.map(({ left }) => left), y: marks.map(({ top }) => top) };
    const next = from < 0 ? null : neighbour(points, from, ...arrow);
    if (next === null) return;
    setCurrent(keyOf(marks[next]!));
    list.current!.querySelectorAll('button')[next]!.focus();
  };
  return (
    <ul
      ref={list}
      class={still ? 'places-marks still' : 'places-marks'}
      aria-label={strings.marks}
      onKeyDown={onKeyDown}
    >
      {marks.map((mark) => {
        const { id, count, name, label, left, top, splits } = mark;
        const key = keyOf(mark);
        return (
          <li key={key} style={{ transform: `translate(${left.toFixed(1)}px, ${top.toFixed(1)}px)` }}>
            <button
              type="button"
              class={count > 1 ? 'place-mark many' : 'place-mark'}
              tabIndex={key === stop ? 0 : -1}
              aria-label={splits === null ? strings.open(count, name) : strings.nearer(count, name)}
              title={name || undefined}
              onFocus={() => setCurrent(key)}
              onClick={() => onOpen(mark)}
            >
              <Thumb id={id} />
              {count > 1 && <span class="place-count">{searchStrings.number(count)}</span>}
            </button>
            {label && (
              <span class="place-name" aria-hidden="true">
                {label}
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
