/** @file Moving and zooming the globe: by wheel, drag and pinch through d3-zoom, by buttons, by keys, and to a box. */
import { select } from 'd3-selection';
import 'd3-transition';
import { zoom, zoomIdentity, type ZoomBehavior } from 'd3-zoom';
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { AreaBox } from '../../../src/search';
import type { View } from '../map/points';
import { fitBox, NEAREST, viewAround, widest, type FitOptions, type Size } from './view';

export interface Globe {
  view: View;
  by: (factor: number) => void;
  pan: (dx: number, dy: number) => void;
  /** @param options `jump`: without an animated flight */
  show: (box: AreaBox, options?: FitOptions & { jump?: boolean }) => void;
}

/** The duration of a flight, in milliseconds. */
const FLIGHT = 420;
const ANYWHERE: AreaBox = { south: -58, west: -170, north: 74, east: 170 };

/** @param element takes the pointer; @param still whether a drag draws instead of moving */
export function useGlobe(element: RefObject<HTMLElement | null>, size: Size, still: boolean): Globe {
  const [view, setView] = useState<View>(() => fitBox(ANYWHERE, size));
  const behaviour = useRef<ZoomBehavior<HTMLElement, unknown> | null>(null);
  const blocked = useRef(still);
  blocked.current = still;
  // This comes first, since the initial transform is this view.
  useLayoutEffect(() => {
    const made = zoom<HTMLElement, unknown>()
      .filter((event: MouseEvent & TouchEvent) => {
        if (event.type === 'wheel' || event.touches?.length > 1) return true;
        if (event.type === 'dblclick') return event.target instanceof HTMLCanvasElement;
        return !(blocked.current || event.button || event.shiftKey);
      })
      .translateExtent([
        [-Infinity, 0],
        [Infinity, 1],
      ])
      .on('zoom', ({ transform: { k, x, y } }: { transform: View }) => setView({ k, x, y }));
    behaviour.current = made;
    const target = select(element.current!);
    target.call(made);
    return () => void target.interrupt().on('.zoom', null);
  }, []);
  const apply = (run: (made: ZoomBehavior<HTMLElement, unknown>, target: HTMLElement) => void) =>
    behaviour.current && element.current && run(behaviour.current, element.current);
  const go = ({ k, x, y }: View, jump: boolean) =>
    apply((made, target) => {
      const to = zoomIdentity.translate(x, y).scale(k);
      const isStill = jump || matchMedia('(prefers-reduced-motion: reduce)').matches;
      if (isStill) select(target).interrupt().call(made.transform, to);
      else select(target).transition().duration(FLIGHT).call(made.transform, to);
    });
  const before = useRef<Size | null>(null);
  useLayoutEffect(() => {
    const was = before.current ?? size;
    before.current = size;
    apply((made) => {
      made.extent([
        [0, 0],
        [size.width, size.height],
      ]);
      made.scaleExtent([widest(size), NEAREST]);
    });
    // The centre stays the same.
    const k = Math.max(view.k, widest(size));
    const [middleX, middleY] = [(was.width / 2 - view.x) / view.k, (was.height / 2 - view.y) / view.k];
    go(viewAround(middleX, middleY, k, size), true);
  }, [size.width, size.height]);
  return {
    view,
    by: (factor) => apply((made, target) => select(target).interrupt().call(made.scaleBy, factor)),
    pan: (dx, dy) =>
      apply((made, target) =>
        select(target)
          .interrupt()
          .call(made.translateBy, dx / view.k, dy / view.k),
      ),
    show: (box, { jump = false, ...options } = {}) => go(fitBox(box, size, { now: view, ...options }), jump),
  };
}
