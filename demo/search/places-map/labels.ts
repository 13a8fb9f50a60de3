/**
 * @file Decides which labels of a map have room: earlier ones take precedence, and those that would cover another are
 * left out.
 */
import type { Rect } from './view';

/** Space between two, in CSS pixels. */
const GAP = 3;
/** Side of the squares by which neighbours are found. */
const CELL = 128;

export class Room {
  readonly #taken = new Map<string, Rect[]>();

  /** @param taken areas that are already taken */
  constructor(taken: readonly Rect[]) {
    for (const rect of taken) this.#take(rect);
  }

  #take(rect: Rect): void {
    for (const key of cellsOf(rect)) {
      const known = this.#taken.get(key);
      if (known) known.push(rect);
      else this.#taken.set(key, [rect]);
    }
  }

  /** @returns whether it was free */
  ask(rect: Rect): boolean {
    for (const key of cellsOf(rect)) if (this.#taken.get(key)?.some((other) => overlap(rect, other))) return false;
    this.#take(rect);
    return true;
  }
}

function* cellsOf({ left, top, right, bottom }: Rect) {
  for (let x = Math.floor((left - GAP) / CELL); x <= Math.floor((right + GAP) / CELL); x++) {
    for (let y = Math.floor((top - GAP) / CELL); y <= Math.floor((bottom + GAP) / CELL); y++) yield `${x} ${y}`;
  }
}

function overlap(a: Rect, b: Rect): boolean {
  return a.left < b.right + GAP && b.left < a.right + GAP && a.top < b.bottom + GAP && b.top < a.bottom + GAP;
}
