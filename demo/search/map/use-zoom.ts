/** @file Moving and zooming the map: by wheel, drag and pinch through d3-zoom, and by keys and buttons. */
import { select } from 'd3-selection';
import { zoom, zoomIdentity, type ZoomBehavior } from 'd3-zoom';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { keepMiddle, type Frame } from './middle';
import type { View } from './points';

export interface Zoom {
  /** The view of everything, moved and scaled by the user. */
  view: View;
  /** Relative to the view of all. */
  scale: number;
  by: (factor: number) => void;
  pan: (dx: number, dy: number) => void;
  reset: () => void;
}

const MOST = 200;

/** @param all the view that shows everything; @param still whether a drag draws instead of moving */
export function useZoom(canvas: RefObject<HTMLCanvasElement | null>, all: View, still: boolean): Zoom {
  const [transform, setTransform] = useState(zoomIdentity);
  const behaviour = useRef<ZoomBehavior<HTMLCanvasElement, unknown> | null>(null);
  const blocked = useRef(still);
  blocked.current = still;
  useEffect(() => {
    const made = zoom<HTMLCanvasElement, unknown>()
      .scaleExtent([0.5, MOST])
      // While a loop is drawn, only the wheel and two fingers zoom.
      .filter(
        (event: MouseEvent & TouchEvent) =>
          event.type === 'wheel' || event.touches?.length > 1 || !(blocked.current || event.button),
      )
      .on('zoom', ({ transform: next }: { transform: typeof zoomIdentity }) => setTransform(next));
    behaviour.current = made;
    const target = select(canvas.current!);
    target.call(made).on('dblclick.zoom', null);
    return () => void target.on('.zoom', null);
  }, []);
  const apply = (run: (made: ZoomBehavior<HTMLCanvasElement, unknown>) => void) =>
    behaviour.current && run(behaviour.current);
  const frame = useRef<Frame | null>(null);
  useLayoutEffect(() => {
    const { clientWidth: width, clientHeight: height } = canvas.current!;
    const was = frame.current;
    frame.current = { all, width, height };
    if (!was || transform === zoomIdentity) return;
    const { k, x, y } = keepMiddle(transform, was, frame.current);
    apply((made) => made.transform(select(canvas.current!), zoomIdentity.translate(x, y).scale(k)));
  }, [all.k, all.x, all.y]);
  const { k, x, y } = transform;
  const view = useMemo(() => ({ k: all.k * k, x: all.x * k + x, y: all.y * k + y }), [all, k, x, y]);
  return {
    view,
    scale: k,
    by: (factor) => apply((made) => made.scaleBy(select(canvas.current!), factor)),
    pan: (dx, dy) => apply((made) => made.translateBy(select(canvas.current!), dx / k, dy / k)),
    reset: () => apply((made) => made.transform(select(canvas.current!), zoomIdentity)),
  };
}
