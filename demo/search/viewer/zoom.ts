/** @file Zooming and panning a picture, through d3-zoom: wheel, drag, pinch, double click and double tap. Loaded with the first picture. */
import { pointer, select } from 'd3-selection';
import { zoom, zoomIdentity, zoomTransform, type D3ZoomEvent, type ZoomTransform } from 'd3-zoom';

export interface PictureZoom {
  /** Relative to the middle of the view. */
  by(factor: number): void;
  /** In pixels of the screen. */
  pan(dx: number, dy: number): void;
  reset(): void;
  end(): void;
}

export interface ZoomOptions {
  /** The largest zoom, as a multiple of the size that fits, beyond which there is nothing more to see. */
  most: () => number;
  /** @param gesture whether a hand is moving it now, so that it must not be animated */
  onChange: (transform: Pick<ZoomTransform, 'k' | 'x' | 'y'>, gesture: boolean) => void;
}

/** The zoom after a double click, as a multiple of the size that fits. */
const CLOSE = 2.5;
const LEAST_MOST = 4;

/** Scale 1 is the picture as it fits its box. */
export function pictureZoom(element: HTMLElement, { most, onChange }: ZoomOptions): PictureZoom {
  const target = select(element);
  const made = zoom<HTMLElement, unknown>()
    .scaleExtent([1, LEAST_MOST])
    .on('zoom', ({ transform, sourceEvent }: D3ZoomEvent<HTMLElement, unknown>) => {
      element.classList.toggle('is-zoomed', transform.k > 1);
      onChange(transform, sourceEvent !== null && sourceEvent !== undefined);
    });
  const fit = () => {
    const { clientWidth: width, clientHeight: height } = element;
    made.translateExtent([
      [0, 0],
      [width, height],
    ]);
    made.scaleExtent([1, Math.max(LEAST_MOST, most())]);
  };
  fit();
  const observer = new ResizeObserver(() => {
    fit();
    made.transform(target, zoomIdentity);
  });
  observer.observe(element);
  target.call(made).on('dblclick.zoom', (event: MouseEvent | TouchEvent) => {
    fit();
    const at = pointer('changedTouches' in event ? event.changedTouches[0] : event, element);
    if (zoomTransform(element).k > 1) made.transform(target, zoomIdentity);
    else made.scaleTo(target, CLOSE, at);
  });
  return {
    by: (factor) => {
      fit();
      made.scaleBy(target, factor);
    },
    pan: (dx, dy) => {
      const { k } = zoomTransform(element);
      made.translateBy(target, dx / k, dy / k);
    },
    reset: () => made.transform(target, zoomIdentity),
    end: () => {
      observer.disconnect();
      target.on('.zoom', null);
    },
  };
}
