/** @file Draws what is under the marks: land, borders, areas, and names that have room. */
import type { AreaBox, Town } from '../../../src/search';
import type { View } from '../map/points';
import { Room } from './labels';
import { mercator } from './mercator';
import type { DrawnWorld } from './use-world';
import { placesOn, planeOf, stepOf, type Rect, type Size } from './view';

export interface Scene {
  /** Null before it is loaded. */
  world: DrawnWorld | null;
  towns: readonly Town[];
  /** The area that filters; null for none. */
  area: AreaBox | null;
  /** The area being drawn, in CSS pixels. */
  drawn: Rect | null;
  /** Regions without room for names. */
  taken: readonly Rect[];
  /** Names at marks. */
  named: ReadonlySet<string>;
}

export interface Sheet extends Size {
  context: CanvasRenderingContext2D;
  /** Device pixels per CSS pixel. */
  ratio: number;
  /** Colours from CSS, for both themes. */
  style: CSSStyleDeclaration;
}

/** Towns take precedence over countries. */
const LAST_OF_COUNTRIES = 6;
const HEIGHT = 14;

export function drawScene(sheet: Sheet, scene: Scene, view: View): void {
  const { context, width, height, ratio, style } = sheet;
  const { world, area, drawn } = scene;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  world?.paths.draw({ context, width, height, land: style.fill, border: style.stroke }, view);
  if (area) drawArea(sheet, rectsOf(area, view, width));
  drawNames(sheet, scene, view);
  if (drawn) drawArea(sheet, [drawn]);
}

/** On the canvas: once for each world beside another that shows it. */
function rectsOf(area: AreaBox, view: View, width: number): Rect[] {
  const { minX, minY, maxX, maxY } = planeOf(area);
  const wide = (maxX - minX) * view.k;
  return placesOn(view, width, wide, { x: minX, y: minY }).map(({ left, top }) => {
    return { left, top, right: left + wide, bottom: top + (maxY - minY) * view.k };
  });
}

function drawArea({ context, style }: Sheet, rects: readonly Rect[]): void {
  context.save();
  context.strokeStyle = context.fillStyle = style.caretColor;
  context.lineWidth = 2;
  for (const { left, top, right, bottom } of rects) {
    context.globalAlpha = 0.1;
    context.fillRect(left, top, right - left, bottom - top);
    context.globalAlpha = 1;
    context.setLineDash([6, 4]);
    context.strokeRect(left, top, right - left, bottom - top);
  }
  context.restore();
}

function drawNames(sheet: Sheet, { world, towns, taken, named }: Scene, view: View): void {
  const room = new Room(taken);
  const { context, width, height, style } = sheet;
  const { k } = view;
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  context.lineWidth = 3;
  context.strokeStyle = style.fill;
  context.fillStyle = style.color;
  const step = stepOf(k);
  context.textAlign = 'left';
  context.font = `500 12px ${style.fontFamily}`;
  for (const { name, longitude, latitude } of towns) {
    if (named.has(name)) continue;
    const [x, y] = mercator(longitude, latitude);
    for (const { left, top } of placesOn(view, width, 0, { x, y })) {
      const right = left + 6 + context.measureText(name).width;
      if (top < HEIGHT || top > height - HEIGHT || left < 4 || right > width - 4) continue;
      if (!room.ask({ left: left - 3, top: top - HEIGHT / 2, right, bottom: top + HEIGHT / 2 })) continue;
      context.strokeText(name, left + 6, top);
      context.fillText(name, left + 6, top);
      context.beginPath();
      context.arc(left, top, 2, 0, 2 * Math.PI);
      context.fill();
    }
  }
  if (!world || step > LAST_OF_COUNTRIES) return;
  context.textAlign = 'center';
  context.font = `600 12px ${style.fontFamily}`;
  context.globalAlpha = 0.72;
  for (const { name, at, room: free } of world.countries) {
    if (free * k < HEIGHT / 2) break; // the others have even less room
    const half = context.measureText(name).width / 2;
    if (half > 4 * free * k) continue;
    const [x, y] = mercator(...at);
    for (const { left, top } of placesOn(view, width, 0, { x, y })) {
      if (top < HEIGHT || top > height - HEIGHT || left - half < 2 || left + half > width - 2) continue;
      const rect = { left: left - half, top: top - HEIGHT / 2, right: left + half, bottom: top + HEIGHT / 2 };
      if (!room.ask(rect)) continue;
      context.strokeText(name, left, top);
      context.fillText(name, left, top);
    }
  }
  context.globalAlpha = 1;
}
