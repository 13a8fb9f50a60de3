/**
 * @file The grid of pictures: only the rows in view exist, at any number of pictures. A grid for assistive tools too, with
 * one stop for Tab and arrow keys within.
 */
import type { ComponentChildren, JSX } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { covered } from './covered';
import { commandOf, moveOf } from './keys';
import { gridLayout, headingsAt, rowOf, scrollToRow, type GridLayout, type SectionSpec } from './layout';
import { GridRow } from './row';
import { Slots } from './slots';
import { useRows, useWidth } from './use-band';

export interface GridSection extends SectionSpec {
  /** The content above it, `heading` pixels high. */
  title: ComponentChildren;
}

export interface GridProps {
  label: string;
  /** All pictures of all sections, in order. */
  ids: Uint32Array;
  sections: readonly GridSection[];
  selected: ReadonlySet<number>;
  /** The picture that the viewer shows: the grid follows it, and takes the focus there once it is closed. */
  viewed: number | null;
  /** The text on a picture, or null. */
  scoreOf: (id: number) => string | null;
  /** A word saying that a picture's place comes from the first pass only; null otherwise. */
  markOf: (id: number) => string | null;
  onOpen: (index: number) => void;
  onMark: (index: number, range: boolean) => void;
  onMarkAll: () => void;
  onMoreLike: (index: number) => void;
  onClear: () => void;
  /** Called with the layout, whenever it changes. */
  onLayout?: (layout: GridLayout, grid: HTMLElement) => void;
}

const GAP = 6;
/** Three columns on a phone, about seven on a desktop. */
const minCell = (width: number) => (width < 520 ? 92 : 150);

export function Grid(props: GridProps): JSX.Element {
  const { label, ids, sections, selected, viewed, scoreOf, markOf } = props;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const layout = useMemo(() => gridLayout(sections, { width, minCell: minCell(width), gap: GAP }), [sections, width]);
  const rows = useRows(box, layout);
  useEffect(() => props.onLayout?.(layout, box.current!), [layout]);
  const [active, setActive] = useState(0);
  /** The picture that should get the focus, until it is in the page and has it. */
  const focusNext = useRef<number | null>(null);
  const shown = useRef(props);
  shown.current = props;

  useEffect(() => setActive((index) => Math.min(index, Math.max(0, ids.length - 1))), [ids]);
  const scrollTo = (index: number) => {
    const row = rowOf(layout, index);
    if (!row) return;
    const offset = box.current!.getBoundingClientRect().top;
    const top = scrollToRow(layout, row, { top: -offset, height: innerHeight, inset: covered() + GAP });
    scrollBy({ top: top + offset });
    setActive(index);
  };
  const reveal = (index: number) => {
    scrollTo(index);
    focusNext.current = index;
  };
  const before = useRef(viewed);
  useEffect(() => {
    if (viewed !== null) scrollTo(viewed);
    else if (before.current !== null) reveal(active);
    before.current = viewed;
  }, [viewed]);
  // It may be added to the page only with the next rows.
  useEffect(() => {
    if (focusNext.current === null) return;
    const target = box.current!.querySelector<HTMLElement>(`[data-index="${focusNext.current}"]`);
    if (!target) return;
    focusNext.current = null;
    target.focus({ preventScroll: true });
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(innerHeight / (layout.cell + GAP)) - 1);
    // Keys may come faster than frames.
    const at = focusNext.current ?? active;
    const to = moveOf(layout, at, event, page);
    if (to !== null) {
      event.preventDefault();
      if (event.shiftKey) props.onMark(to, true);
      return reveal(to);
    }
    const command = commandOf(event);
    // The buttons in a cell have their own Enter and Space.
    if (!command || ((command === 'open' || command === 'select') && !(event.target as Element).matches('.cell-open')))
      return;
    event.preventDefault();
    if (command === 'open') props.onOpen(at);
    if (command === 'select') props.onMark(at, event.shiftKey);
    if (command === 'select-all') props.onMarkAll();
    if (command === 'more-like') props.onMoreLike(at);
    if (command === 'clear') props.onClear();
  };

  const onOpen = useCallback((index: number) => {
    setActive(index);
    shown.current.onOpen(index);
  }, []);
  const onMark = useCallback((index: number, range: boolean) => {
    setActive(index);
    shown.current.onMark(index, range);
  }, []);
  const onMoreLike = useCallback((index: number) => shown.current.onMoreLike(index), []);

  // The active one exists even if it is out of view, since it holds the focus. It is in its place among the others, so
  // that it need not be moved.
  const activeRow = rowOf(layout, active);
  const isApart = activeRow && !rows.some(({ row }) => row === activeRow.row);
  const all = isApart ? [...rows, activeRow].sort((a, b) => a.row - b.row) : rows;
  const slots = useRef(new Slots());
  const slotOf = slots.current.assign(all.map(({ row }) => row));
  // A row that is moved within the page loses the focus if the browser lacks `moveBefore`; otherwise it is scrolled to.
  const focused = box.current?.contains(document.activeElement) ? (document.activeElement as HTMLElement) : null;
  const y = focused && scrollY;
  useLayoutEffect(() => {
    if (focused?.isConnected && document.activeElement === document.body) focused.focus({ preventScroll: true });
    if (y !== null && scrollY !== y) window.scrollTo({ top: y });
  });

  return (
    <div
      ref={box}
      class="grid"
      role="grid"
      aria-label={label}
      aria-multiselectable
      aria-rowcount={layout.rows}
      aria-colcount={layout.columns}
      style={{ height: `${layout.height}px` }}
      onKeyDown={onKeyDown}
    >
      {headingsAt(layout, rows).map((i) => (
        <div
          key={`title ${i}`}
          role="row"
          class="grid-title"
          style={{ top: `${layout.sections[i]!.top}px`, height: `${layout.sections[i]!.heading}px` }}
        >
          <div role="gridcell" aria-colspan={layout.columns}>
            {sections[i]!.title}
          </div>
        </div>
      ))}
      {width > 0 &&
        all.map((row, i) => (
          <GridRow
            key={slotOf[i]}
            at={row}
            layout={layout}
            ids={ids}
            active={row.start <= active && active < row.end ? active : null}
            selected={selected}
            scoreOf={scoreOf}
            markOf={markOf}
            onOpen={onOpen}
            onMark={onMark}
            onMoreLike={onMoreLike}
          />
        ))}
    </div>
  );
}
