/** @file The map itself: moved and zoomed, with marks to open, and areas to draw as filters. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { AreaBox } from '../../../src/search';
import { boxAround, isInBox } from '../../../src/search/places/box';
import { Button, IconButton } from '../../shell';
import { placeStrings as strings } from '../../strings/places';
import { readArea, writeArea } from '../query/area';
import { useSearch } from '../state';
import { GlobeCanvas } from './globe-canvas';
import { Marks, type PlacedMark } from './marks';
import { placeMarks } from './place-marks';
import type { Located } from './use-clusters';
import { useDrawing } from './use-drawing';
import { useGlobe } from './use-globe';
import { useTowns } from './use-towns';
import type { DrawnWorld } from './use-world';
import { boxOfRect, shows, stepOf, type Rect, type Size } from './view';

export interface GlobeProps {
  size: Size;
  world: DrawnWorld | null;
  /** Null before it is known. */
  located: Located | null;
}

/** The step for one press of a button or key. */
const ZOOM = 1.7;
const STEP = 90;
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [STEP, 0],
  ArrowRight: [-STEP, 0],
  ArrowUp: [0, STEP],
  ArrowDown: [0, -STEP],
};

export function Globe({ size, world, located }: GlobeProps): JSX.Element {
  const { finder, library, viewing } = useSearch();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { filter } = finder.form.value;
  const drawing = useDrawing((rect) => filterBy(rect));
  const globe = useGlobe(box, size, drawing.active);
  const { view } = globe;
  const all = useMemo(() => located && boxAround(located.places.latitude, located.places.longitude), [located?.places]);
  const area = readArea(filter.area);
  const whole = { left: 0, top: 0, right: size.width, bottom: size.height };
  const seen = boxOfRect(view, whole);
  const towns = useTowns(library.open.value?.index, seen, stepOf(view.k));
  useArrival({ located, all, area, seen: (box) => shows(view, size, box), show: globe.show });

  const widthOf = useMemo(() => {
    const context = document.createElement('canvas').getContext('2d')!;
    context.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
    const known = new Map<string, number>();
    return (name: string) => {
      const width = known.get(name) ?? context.measureText(name).width + 8;
      known.set(name, width);
      return width;
    };
  }, []);
  const placed = located ? placeMarks(located, view, size, widthOf) : null;

  function filterBy(rect: Rect): void {
    const drawn = boxOfRect(view, rect);
    let areaName = '';
    if (located) {
      const { latitude, longitude } = located.places;
      const members = [...latitude.keys()].filter((at) => isInBox(drawn, latitude[at]!, longitude[at]!));
      areaName = located.clusters.nameOfAll(members);
    }
    finder.change({ filter: { ...finder.form.value.filter, area: writeArea(drawn), areaName } });
  }
  const open = ({ splits, box: around, members }: PlacedMark) => {
    if (splits === null) {
      viewing.value = { ids: Uint32Array.from(members(), (at) => located!.ids[at]!), at: 0 };
      return;
    }
    // The mark splits, and the old one disappears.
    canvas.current!.focus({ preventScroll: true });
    globe.show(around, { least: 256 * 2 ** splits, margin: 70 });
  };
  const showAll = () => all && globe.show(all);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow) globe.pan(...arrow);
    else if (event.key === '+' || event.key === '=') globe.by(ZOOM);
    else if (event.key === '-') globe.by(1 / ZOOM);
    else if (event.key === '0') showAll();
    else if (event.key === 'Enter') box.current!.querySelector<HTMLElement>('.place-mark[tabindex="0"]')?.focus();
    else return;
    event.preventDefault();
  };
  const scene = placed && { world, towns, area, drawn: drawing.rect, ...placed };
  return (
    <>
      <div
        ref={box}
        class={drawing.active ? 'globe drawing' : 'globe'}
        onPointerDown={drawing.onPointerDown}
        onPointerMove={drawing.onPointerMove}
        onPointerUp={drawing.onPointerUp}
        onPointerCancel={drawing.onPointerCancel}
      >
        {scene && <GlobeCanvas canvas={canvas} size={size} view={view} scene={scene} onKeyDown={onKeyDown} />}
        {placed && <Marks marks={placed.marks} still={drawing.active} onOpen={open} />}
      </div>
      <div class="globe-zoom">
        <IconButton icon="add" label={strings.zoomIn} onClick={() => globe.by(ZOOM)} />
        <IconButton icon="minus" label={strings.zoomOut} onClick={() => globe.by(1 / ZOOM)} />
        <IconButton icon="reset" label={strings.all} disabled={!all} onClick={showAll} />
      </div>
      <div class="globe-tools">
        <Button icon="box" aria-pressed={drawing.active} onClick={() => drawing.setActive(!drawing.active)}>
          {strings.draw}
        </Button>
        <Button icon="filter" onClick={() => filterBy(whole)}>
          {strings.only}
        </Button>
      </div>
      {drawing.active && <p class="globe-hint">{strings.drawing}</p>}
      <p class="visually-hidden" role="status">
        {placed ? strings.inView(placed.pictures, placed.marks.length) : ''}
      </p>
    </>
  );
}

interface Arrival {
  located: Located | null;
  all: AreaBox | null;
  area: AreaBox | null;
  seen: (box: AreaBox) => boolean;
  show: (box: AreaBox, options?: { jump?: boolean }) => void;
}

/**
 * The map moves to what matters: first to everything, then to typed places, and to the results if it shows none of
 * them.
 */
function useArrival({ located, all, area, seen, show }: Arrival): void {
  const { finder } = useSearch();
  const arrived = useRef(false);
  const typed = finder.found.value?.understood?.recognised.find(({ box }) => box)?.box ?? null;
  const typedKey = typed && writeArea(typed);
  const areaKey = area && writeArea(area);
  const gone = useRef<{ typed: string | null; ids: Uint32Array | null }>({ typed: null, ids: null });
  useEffect(() => {
    if (!located) return;
    const { typed: before, ids } = gone.current;
    gone.current = { typed: typedKey, ids: located.ids };
    const jump = !arrived.current;
    arrived.current = true;
    if (typed && typedKey !== before) show(typed, { jump });
    else if (jump) {
      if (area ?? all) show((area ?? all)!, { jump });
    } else if (area && !seen(area)) show(area);
    else if (ids !== located.ids && all && !seen(all)) show(all);
  }, [located, typedKey, areaKey]);
}
