/**
 * @file The container of a picture that can be zoomed, moved and swiped, with buttons for those who cannot do that by
 * hand.
 */
import type { ComponentChildren, JSX, RefObject } from 'preact';
import { useEffect, useImperativeHandle, useRef, useState } from 'preact/hooks';
import { IconButton } from '../../shell';
import { actionStrings } from '../../strings/actions';
import { watchSwipes } from './swipe';
import type { PictureZoom } from './zoom';

const strings = actionStrings.zoom;

/** Called with keys. */
export interface ZoomHandle extends Pick<PictureZoom, 'by' | 'pan' | 'reset'> {
  isZoomed(): boolean;
}

export interface ZoomableProps {
  children: ComponentChildren;
  /** Pixels of the file, upright; null before they are known. */
  size: { width: number; height: number } | null;
  handle: RefObject<ZoomHandle | null>;
  onSwipe: (step: 1 | -1) => void;
}

/** How far zooming may go beyond one file pixel per screen pixel. */
const BEYOND = 3;
export const STEP = 1.5;

export function Zoomable({ children, size, handle, onSwipe }: ZoomableProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const zoom = useRef<PictureZoom | null>(null);
  const [{ k, x, y, gesture }, setTransform] = useState({ k: 1, x: 0, y: 0, gesture: false });
  const [pulled, setPulled] = useState(0);
  const now = useRef({ size, k, onSwipe });
  now.current = { size, k, onSwipe };
  useEffect(() => {
    const element = box.current!;
    let isThere = true;
    void import('./zoom').then(({ pictureZoom }) => {
      if (!isThere) return;
      const most = () => {
        const { width = 0, height = 0 } = now.current.size ?? {};
        const fitting = Math.max(width / element.clientWidth, height / element.clientHeight);
        return BEYOND * Math.max(1, fitting / devicePixelRatio);
      };
      zoom.current = pictureZoom(element, {
        most,
        onChange: (transform, gesture) => setTransform({ k: transform.k, x: transform.x, y: transform.y, gesture }),
      });
      element.dataset.zoom = 'ready';
    });
    const endSwipes = watchSwipes(element, {
      isFree: () => now.current.k === 1,
      onPull: setPulled,
      onSwipe: (step) => now.current.onSwipe(step),
    });
    return () => {
      isThere = false;
      zoom.current?.end();
      zoom.current = null;
      endSwipes();
    };
  }, []);
  useImperativeHandle(
    handle,
    () => ({
      by: (factor) => zoom.current?.by(factor),
      pan: (dx, dy) => zoom.current?.pan(dx, dy),
      reset: () => zoom.current?.reset(),
      isZoomed: () => now.current.k > 1,
    }),
    [],
  );
  const isZoomed = k > 1;
  return (
    <>
      <div ref={box} class={isZoomed ? 'zoomable zoomed' : 'zoomable'}>
        <div
          class={gesture || pulled !== 0 ? 'zoom-layer' : 'zoom-layer eased'}
          style={{ transform: `translate(${x + pulled}px, ${y}px) scale(${k})` }}
        >
          {children}
        </div>
      </div>
      <div class="zoom-tools" role="group" aria-label={strings.label}>
        <IconButton
          icon="minus"
          label={strings.out}
          aria-disabled={!isZoomed}
          onClick={() => zoom.current?.by(1 / STEP)}
        />
        <button type="button" class="zoom-level" title={strings.fit} onClick={() => zoom.current?.reset()}>
          <span class="visually-hidden">{strings.fit}, </span>
          {strings.level(Math.round(k * 100))}
        </button>
        <IconButton icon="add" label={strings.in} onClick={() => zoom.current?.by(STEP)} />
      </div>
    </>
  );
}
