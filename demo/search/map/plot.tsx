/** @file The plot: pointer and keys go to pictures, a loop selects them, a legend says what colours mean. */
import type { JSX, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { PhotoItem, PhotoMap } from '../../../src/search';
import { Button, Choice, IconButton } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useWidth } from '../grid/use-band';
import { toggle } from '../grid/selection';
import { Thumb } from '../parts/thumb';
import { useSearch } from '../state';
import { colourByDate, colourByFolder } from './colours';
import { drawMap, type Scene } from './draw';
import { shownAsPictures, SIDE } from './pictures';
import { fitView, mapPoints, neighbour, toPlane } from './points';
import { useZoom } from './use-zoom';

const strings = searchStrings.map;
const MARGIN = 24;
/** How near the pointer must be to a dot, and to the middle of a picture, in CSS pixels. */
const REACH = { dot: 14, picture: SIDE / 2 };
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

type Tool = 'pan' | 'lasso';

export function Plot({ map, items }: { map: PhotoMap; items: readonly (PhotoItem | null)[] }): JSX.Element {
  const { finder, selection, viewing } = useSearch();
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [colourBy, setColourBy] = useState<'date' | 'folder'>('date');
  const height = useRoom(box, `${width} ${colourBy}`);
  const [tool, setTool] = useState<Tool>('pan');
  const [current, setCurrent] = useState<number | null>(null);
  const [loop, setLoop] = useState<[number, number][]>([]);

  const points = useMemo(() => mapPoints(map.x, map.y), [map]);
  const indexOf = useMemo(() => new Map(Array.from(map.ids, (id, i) => [id, i])), [map]);
  const colouring = useMemo(
    () =>
      colourBy === 'date'
        ? colourByDate(
            items.map((item) => (item?.dated ? item.taken : null)),
            strings,
          )
        : colourByFolder(
            items.map((item) => item?.path.split('/').slice(0, -1).join('/') ?? ''),
            strings,
          ),
    [items, colourBy],
  );
  const found = finder.found.value;
  const foundPoints = useMemo(() => {
    if (!found?.query) return null;
    return new Set(Array.from(found.ids.subarray(0, found.relevant)).flatMap((id) => indexOf.get(id) ?? []));
  }, [found, indexOf]);
  const all = useMemo(() => fitView(points.extent, width, height, MARGIN), [points, width, height]);
  const zoom = useZoom(canvas, all, tool === 'lasso');
  // The page is rendered again several times a second while pictures are indexed: 100,000 points are not gone through
  // each time.
  const pictures = useMemo(
    () => shownAsPictures(points, zoom.view, { width, height }, foundPoints),
    [points, zoom.view, width, height, foundPoints],
  );
  const reach = (pictures.length > 0 ? REACH.picture : REACH.dot) / zoom.view.k;
  const { ids: marked } = selection.value;
  const selected = useMemo(() => new Set([...marked].flatMap((id) => indexOf.get(id) ?? [])), [marked, indexOf]);

  useLayoutEffect(() => {
    const element = canvas.current!;
    const ratio = devicePixelRatio;
    if (element.width !== Math.round(width * ratio) || element.height !== Math.round(height * ratio)) {
      element.width = Math.round(width * ratio);
      element.height = Math.round(height * ratio);
    }
    const frame = requestAnimationFrame(() => {
      const context = element.getContext('2d')!;
      const ink = getComputedStyle(element).color;
      const scene = { points, colouring, selected, found: foundPoints, current, loop };
      drawMap({ context, width, height, ratio, ink }, scene, zoom.view, zoom.scale);
    });
    return () => cancelAnimationFrame(frame);
  }, [points, colouring, selected, foundPoints, current, loop, width, height, zoom.view, zoom.scale]);

  const place = (event: PointerEvent): [number, number] => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const open = (i: number) => (viewing.value = { ids: Uint32Array.from(map.ids), at: i });
  const select = (which: number[]) =>
    (selection.value = { ids: new Set([...selection.value.ids, ...which.map((i) => map.ids[i]!)]), anchor: null });

  const drawing = useRef(false);
  const byPointer = useRef(false);
  const pressed = useRef<[number, number] | null>(null);
  const onPointerDown = (event: PointerEvent) => {
    pressed.current = place(event);
    if (tool !== 'lasso' || event.button !== 0) return;
    drawing.current = true;
    canvas.current!.setPointerCapture(event.pointerId);
    setLoop([place(event)]);
  };
  const onPointerMove = (event: PointerEvent) => {
    const [px, py] = place(event);
    if (drawing.current) return setLoop((before) => [...before, [px, py]]);
    // A pointer at rest gets these events too, when the page scrolls beneath it: the keyboard's picture stays.
    if (event.movementX === 0 && event.movementY === 0) return;
    byPointer.current = true;
    setCurrent(points.nearest(...toPlane(zoom.view, px, py), reach));
  };
  const onPointerUp = (event: PointerEvent) => {
    if (drawing.current) {
      drawing.current = false;
      select(points.inside(loop.map(([px, py]) => toPlane(zoom.view, px, py))));
      return setLoop([]);
    }
    const [px, py] = place(event);
    const moved = pressed.current && Math.hypot(px - pressed.current[0], py - pressed.current[1]) > 4;
    const hit = points.nearest(...toPlane(zoom.view, px, py), reach);
    if (!moved && hit !== null) open(hit);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    byPointer.current = false;
    const from = current ?? middle();
    if (arrow && event.shiftKey) zoom.pan(-60 * arrow[0], -60 * arrow[1]);
    else if (arrow && from !== null) setCurrent(current === null ? from : (neighbour(points, from, ...arrow) ?? from));
    else if (event.key === '+' || event.key === '=') zoom.by(1.4);
    else if (event.key === '-') zoom.by(1 / 1.4);
    else if (event.key === '0') zoom.reset();
    else if (event.key === 'Enter' && current !== null) open(current);
    else if (event.key === ' ' && current !== null) selection.value = toggle(selection.value, map.ids[current]!);
    else return;
    event.preventDefault();
  };
  /** The picture nearest to the middle of the view. */
  const middle = () => points.nearest(...toPlane(zoom.view, width / 2, height / 2), Infinity);

  const item = current === null ? null : items[current];
  const card =
    current === null
      ? null
      : cardPlace(
          points.x[current]! * zoom.view.k + zoom.view.x,
          points.y[current]! * zoom.view.k + zoom.view.y,
          width,
        );
  useEffect(() => setCurrent(null), [map]);

  return (
    <>
      <div class="map-tools">
        <Choice
          legend={strings.colour}
          options={[
            { value: 'date', label: strings.byDate },
            { value: 'folder', label: strings.byFolder },
          ]}
          value={colourBy}
          onChange={setColourBy}
        />
        <Choice
          legend={strings.tool}
          options={[
            { value: 'pan', label: strings.pan },
            { value: 'lasso', label: strings.lasso },
          ]}
          value={tool}
          onChange={setTool}
        />
        <div class="map-zoom">
          <IconButton icon="add" label={strings.zoomIn} onClick={() => zoom.by(1.6)} />
          <IconButton icon="minus" label={strings.zoomOut} onClick={() => zoom.by(1 / 1.6)} />
          <Button onClick={zoom.reset}>{strings.reset}</Button>
        </div>
      </div>
      <div class="map-box" ref={box}>
        <canvas
          ref={canvas}
          class={tool}
          role="application"
          aria-label={strings.label}
          aria-describedby="map-hint"
          tabIndex={0}
          style={{ width: `${width}px`, height: `${height}px` }}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerLeave={() => byPointer.current && !drawing.current && setCurrent(null)}
          onKeyDown={onKeyDown}
        />
        {/* The canvas beneath takes pointer and keys; what is under them is read out below. */}
        <div class={`map-pictures ${tool}`} aria-hidden="true">
          {pictures.map((i) => (
            <span
              key={map.ids[i]}
              class={pictureClass(i, { selected, current, found: foundPoints })}
              style={{
                left: `${points.x[i]! * zoom.view.k + zoom.view.x}px`,
                top: `${points.y[i]! * zoom.view.k + zoom.view.y}px`,
                width: `${SIDE}px`,
                height: `${SIDE}px`,
                borderColor: colouring.legend[colouring.classes[i]!]!.colour,
              }}
            >
              <Thumb id={map.ids[i]!} />
            </span>
          ))}
        </div>
        {item && card && (
          <div class="map-card" style={card}>
            <Thumb id={item.id} />
            <span>{item.name}</span>
          </div>
        )}
      </div>
      <p class="visually-hidden" role="status">
        {item ? strings.at(item.name, searchStrings.day(item.taken), item.dated) : ''}
      </p>
      <ul class="legend">
        {colouring.legend.map(({ colour, label, count }) => (
          <li key={label}>
            <span class="swatch" style={{ background: colour }} aria-hidden="true" />
            {label} <span class="quiet">{searchStrings.number(count)}</span>
          </li>
        ))}
      </ul>
      <p id="map-hint" class="quiet">
        {strings.hint}
      </p>
    </>
  );
}

function pictureClass(i: number, { selected, current, found }: Pick<Scene, 'selected' | 'current' | 'found'>): string {
  const marks = [selected.has(i) && 'selected', current === i && 'current', found && !found.has(i) && 'faded'];
  return ['map-picture', ...marks].filter(Boolean).join(' ');
}

/** With fewer, nothing can be distinguished. */
const LEAST_HEIGHT = 280;

/**
 * The height that the window has for the map, with the content below it still in view.
 * @param key changes when the content around it does
 */
function useRoom(box: RefObject<HTMLElement | null>, key: string): number {
  const [height, setHeight] = useState(LEAST_HEIGHT);
  useLayoutEffect(() => {
    const look = () => {
      const { top, bottom } = box.current!.getBoundingClientRect();
      const below = box.current!.parentElement!.getBoundingClientRect().bottom - bottom;
      setHeight(Math.max(LEAST_HEIGHT, Math.floor(innerHeight - top - scrollY - below)));
    };
    look();
    addEventListener('resize', look);
    return () => removeEventListener('resize', look);
  }, [key]);
  return height;
}

/** Beside the dot, on the side that has room. */
function cardPlace(x: number, y: number, width: number): Record<string, string> {
  return x < width / 2
    ? { left: `${x + 14}px`, top: `${Math.max(0, y - 70)}px` }
    : { right: `${width - x + 14}px`, top: `${Math.max(0, y - 70)}px` };
}
