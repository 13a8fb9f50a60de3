/** @file The canvas under the marks: redrawn when anything in it changes, including the colours of the page. */
import type { JSX, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { placeStrings as strings } from '../../strings/places';
import type { View } from '../map/points';
import { drawScene, type Scene } from './draw';
import type { Size } from './view';

export interface GlobeCanvasProps {
  canvas: RefObject<HTMLCanvasElement | null>;
  size: Size;
  view: View;
  scene: Scene;
  onKeyDown: (event: KeyboardEvent) => void;
}

export function GlobeCanvas({
  canvas,
  size: { width, height },
  view,
  scene,
  onKeyDown,
}: GlobeCanvasProps): JSX.Element {
  useColours();
  useLayoutEffect(() => {
    const element = canvas.current!;
    const ratio = devicePixelRatio;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (element.width !== wide || element.height !== high) Object.assign(element, { width: wide, height: high });
    const context = element.getContext('2d')!;
    drawScene({ context, width, height, ratio, style: getComputedStyle(element) }, scene, view);
  });
  return (
    <canvas
      ref={canvas}
      role="application"
      aria-label={strings.label}
      aria-describedby="places-keys"
      tabIndex={0}
      style={{ width: `${width}px`, height: `${height}px` }}
      onKeyDown={onKeyDown}
    />
  );
}

/** Causes a redraw when the theme changes. */
function useColours(): void {
  const [, setTimes] = useState(0);
  useEffect(() => {
    const again = () => setTimes((times) => times + 1);
    const system = matchMedia('(prefers-color-scheme: dark)');
    const chosen = new MutationObserver(again);
    chosen.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    system.addEventListener('change', again);
    return () => {
      chosen.disconnect();
      system.removeEventListener('change', again);
    };
  }, []);
}
