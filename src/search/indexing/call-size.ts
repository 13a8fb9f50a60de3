/** @file How many pictures a call of the model gets: as many as take about as long as a search may wait. */

/** Calls of the model at a time: while one computes, the pictures of the other are decoded there. */
export const CALLS = 2;
/** Calls in a row that may be interrupted before the work is given up. */
export const MOST_INTERRUPTIONS = 5;

/** A call takes about this long, so that a search need not wait longer. */
const CALL_MILLISECONDS = 300;
const MOST_IN_CALL = 16;
/**
 * Pictures per call for a model that reads its weights again for each call, which costs as much for one picture as for
 * many.
 */
const STREAMED_CALL = 32;

export class CallSize {
  readonly #streamed: boolean;
  #pictures: number;

  /** @param first pictures of the first call, before it is known how long one takes */
  constructor({ streamed, first }: { streamed: boolean; first: number }) {
    this.#streamed = streamed;
    this.#pictures = streamed ? STREAMED_CALL : first;
  }

  get pictures(): number {
    return this.#pictures;
  }

  /** Learns from a call that took so long. Calls double at most, so that one quick call does not make a long one. */
  took(milliseconds: number, pictures: number): void {
    if (this.#streamed || pictures !== this.#pictures) return;
    const fitting = Math.floor((pictures * CALL_MILLISECONDS * CALLS) / Math.max(1, milliseconds));
    this.#pictures = Math.max(1, Math.min(fitting, 2 * pictures, MOST_IN_CALL));
  }
}

/** The parts of a call that failed: one of its pictures is at fault, and the half without it need not be tried again. */
export function halves<T>(items: readonly T[]): [T[], T[]] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}
