/** @file How fast something goes, and how much longer it will take. */

/** Rates are averages over this many milliseconds, so that they follow a slowdown. */
const WINDOW = 10_000;
/** No rate is given before this time, in milliseconds. */
const SETTLE = 1000;

export interface Rate {
  /** Per second. */
  rate: number;
  secondsLeft: number;
}

/** Is told how much is done; forgets everything if that decreases. */
export class RateMeter {
  readonly #now: () => number;
  #marks: { at: number; done: number }[] = [];

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  reset(): void {
    this.#marks = [];
  }

  /** Null until it is known. */
  add(done: number, total: number): Rate | null {
    const at = this.#now();
    if (done < (this.#marks.at(-1)?.done ?? 0)) this.reset();
    this.#marks.push({ at, done });
    while (this.#marks.length > 2 && this.#marks[1]!.at < at - WINDOW) this.#marks.shift();
    const first = this.#marks[0]!;
    const elapsed = at - first.at;
    if (elapsed < SETTLE || done <= first.done) return null;
    const rate = ((done - first.done) / elapsed) * 1000;
    return { rate, secondsLeft: (total - done) / rate };
  }
}
