/** @file Draws the map: every picture a dot, colour by colour, so that 100,000 of them take one pass. */
import type { Colouring } from './colours';
import type { MapPoints, View } from './points';

export interface Scene {
  points: MapPoints;
  colouring: Colouring;
  /** Selected points get a ring. */
  selected: ReadonlySet<number>;
  /** Found ones are drawn larger and over the others, which fade; null if there is no query. */
  found: ReadonlySet<number> | null;
  /** The one under the pointer or the keyboard. */
  current: number | null;
  /** The loop being drawn, in CSS pixels. */
  loop: readonly [number, number][];
}

export interface Canvas {
  context: CanvasRenderingContext2D;
  /** CSS pixels. */
  width: number;
  height: number;
  /** Device pixels per CSS pixel. */
  ratio: number;
  /** Colours of marks, from the page. */
  ink: string;
}

/** Side of a dot in CSS pixels: small in a crowd, larger when zoomed in. */
export function dotSize(count: number, zoom: number): number {
  const base = count > 20_000 ? 2 : count > 2000 ? 3 : count > 200 ? 5 : 9;
  return Math.min(14, base * Math.max(1, Math.sqrt(zoom)));
}

/** @param zoom of the view, relative to the one that shows everything */
export function drawMap({ context, width, height, ratio, ink }: Canvas, scene: Scene, view: View, zoom: number): void {
  const { points, colouring, selected, found, current, loop } = scene;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const size = dotSize(points.count, zoom);
  const at = (i: number): [number, number] => [points.x[i]! * view.k + view.x, points.y[i]! * view.k + view.y];
  const dots = (colour: string, side: number, which: (i: number) => boolean) => {
    context.fillStyle = colour;
    for (let i = 0; i < points.count; i++) {
      if (!which(i)) continue;
      const [x, y] = at(i);
      if (x > -side && y > -side && x < width + side && y < height + side)
        context.fillRect(x - side / 2, y - side / 2, side, side);
    }
  };
  context.globalAlpha = found ? 0.35 : 0.85;
  colouring.legend.forEach(({ colour }, kind) =>
    dots(colour, size, (i) => colouring.classes[i] === kind && !found?.has(i)),
  );
  context.globalAlpha = 1;
  if (found)
    colouring.legend.forEach(({ colour }, kind) =>
      dots(colour, size * 1.8, (i) => colouring.classes[i] === kind && found.has(i)),
    );
  context.strokeStyle = ink;
  context.lineWidth = 1.5;
  for (const i of selected) ring(context, at(i), size / 2 + 2);
  if (current !== null) {
    context.lineWidth = 2.5;
    ring(context, at(current), size / 2 + 5);
  }
  if (loop.length > 1) {
    context.beginPath();
    for (const [x, y] of loop) context.lineTo(x, y);
    context.closePath();
    context.setLineDash([5, 4]);
    context.stroke();
    context.setLineDash([]);
  }
}

function ring(context: CanvasRenderingContext2D, [x, y]: [number, number], radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
}
