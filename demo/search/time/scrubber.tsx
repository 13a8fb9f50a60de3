/**
 * @file A rail beside the grid with years on it: a drag or a click goes to a time, and it shows the current position.
 */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { covered } from '../grid/covered';
import { sectionAt, type GridLayout } from '../grid/layout';
import { followScroll } from '../parts/scrolling';
import { searchStrings } from '../../strings/search';
import { spacedMarks, yearMarks } from './marks';
import type { Timeline } from './sections';
import { titleOf } from './words';

const strings = searchStrings.time;
/** Between two years on it, in pixels. */
const GAP = 22;
/** With fewer screens to scroll through, the wheel is quicker. */
const SCREENS = 2;

export interface ScrubberProps {
  timeline: Timeline;
  layout: GridLayout;
  grid: HTMLElement;
}

export function Scrubber({ timeline: { sections, unit }, layout, grid }: ScrubberProps): JSX.Element | null {
  const rail = useRef<HTMLDivElement>(null);
  const handle = useRef<HTMLSpanElement>(null);
  const [lastSeen, setAt] = useState(0);
  // There may be fewer sections since the last reading, and the layout may still belong to others.
  const at = Math.min(lastSeen, sections.length - 1);
  const isLaid = layout.sections.length >= sections.length;
  const [height, setHeight] = useState(0);
  const [dragged, setDragged] = useState(false);
  const marks = useMemo(() => (isLaid ? yearMarks(sections, layout) : []), [sections, layout]);
  const isLong = isLaid && layout.height > SCREENS * innerHeight && sections.length > 1;

  useLayoutEffect(() => {
    if (!rail.current) return;
    const observer = new ResizeObserver(([entry]) => setHeight(entry!.contentRect.height));
    observer.observe(rail.current);
    return () => observer.disconnect();
  }, [isLong]);
  // The page is rendered again only when another section is reached.
  useEffect(() => {
    if (!isLong) return;
    let above = covered();
    const resized = () => (above = covered());
    addEventListener('resize', resized);
    const end = followScroll(() => {
      const top = topOf(grid, above);
      const share = Math.min(1, Math.max(0, top / scrollable(layout, above)));
      const section = Math.min(sections.length - 1, sectionAt(layout, top + 1));
      return () => {
        if (handle.current) handle.current.style.translate = `0 ${share * height}px`;
        setAt(section);
      };
    });
    return () => {
      removeEventListener('resize', resized);
      end();
    };
  }, [layout, grid, isLong, sections, height]);
  const years = useMemo(
    () =>
      spacedMarks(marks, height, GAP).map(({ year, share }) => (
        <span key={year} class="scrubber-year" aria-hidden="true" style={{ top: `${share * 100}%` }}>
          {year}
        </span>
      )),
    [marks, height],
  );
  if (!isLong) return null;

  const goTo = (top: number) => scrollTo({ top: scrollY + top - topOf(grid) });
  const goToSection = (section: number) => {
    const to = Math.min(sections.length - 1, Math.max(0, section));
    goTo(layout.sections[to]!.top);
  };
  const onPointer = (event: PointerEvent) => {
    const { top, height } = rail.current!.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientY - top) / height));
    goTo(share * scrollable(layout));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const year = marks.findLastIndex(({ section }) => section <= at);
    const to = {
      ArrowDown: at + 1,
      ArrowRight: at + 1,
      ArrowUp: at - 1,
      ArrowLeft: at - 1,
      PageDown: marks[year + 1]?.section ?? sections.length - 1,
      PageUp: marks[Math.max(0, year - 1)]?.section ?? 0,
      Home: 0,
      End: sections.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    goToSection(to);
  };
  const title = titleOf(sections[at]!, unit);
  return (
    <div
      ref={rail}
      class={dragged ? 'scrubber dragged' : 'scrubber'}
      role="slider"
      tabIndex={0}
      aria-label={strings.scrubber}
      aria-orientation="vertical"
      aria-valuemin={0}
      aria-valuemax={sections.length - 1}
      aria-valuenow={at}
      aria-valuetext={title}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        rail.current!.setPointerCapture(event.pointerId);
        setDragged(true);
        onPointer(event);
      }}
      onPointerMove={(event) => dragged && onPointer(event)}
      onLostPointerCapture={() => setDragged(false)}
    >
      {years}
      <span ref={handle} class="scrubber-handle" aria-hidden="true">
        <span class="scrubber-label">{title}</span>
      </span>
    </div>
  );
}

/** The first visible pixel of the grid, from its top. */
function topOf(grid: HTMLElement, above = covered()): number {
  return above - grid.getBoundingClientRect().top;
}

/** How far its top can be scrolled out of view, in pixels. */
function scrollable(layout: GridLayout, above = covered()): number {
  return Math.max(1, layout.height - (innerHeight - above));
}
