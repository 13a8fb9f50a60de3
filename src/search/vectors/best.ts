/** @file The best rows from a stream of scored rows: a heap with the worst one on top. */

/** Rows with their scores. */
export interface Scored {
  /** Row numbers, best first. */
  rows: Uint32Array;
  /** The scores of `rows`. */
  scores: Float64Array;
}

/** Keeps the rows with the highest scores; among equal scores, the lower rows. */
export class Best {
  readonly #limit: number;
  readonly #rows: Uint32Array;
  readonly #scores: Float64Array;
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
    this.#rows = new Uint32Array(limit);
    this.#scores = new Float64Array(limit);
  }

  /** The lowest score that can still get in; −∞ while there is room. */
  get floor(): number {
    if (this.#size < this.#limit) return -Infinity;
    return this.#limit === 0 ? Infinity : this.#scores[0]!;
  }

  offer(row: number, score: number): void {
    if (this.#size < this.#limit) {
      this.#rise(this.#size++, row, score);
    } else if (this.#limit > 0 && this.#worse(0, row, score)) {
      this.#sink(row, score);
    }
  }

  take(): Scored {
    const order = Array.from({ length: this.#size }, (_, i) => i);
    const rows = this.#rows;
    const scores = this.#scores;
    order.sort((a, b) => scores[b]! - scores[a]! || rows[a]! - rows[b]!);
    return { rows: Uint32Array.from(order, (i) => rows[i]!), scores: Float64Array.from(order, (i) => scores[i]!) };
  }

  /** Whether the entry at `at` is worse than this one. */
  #worse(at: number, row: number, score: number): boolean {
    const held = this.#scores[at]!;
    return held < score || (held === score && this.#rows[at]! > row);
  }

  #put(at: number, row: number, score: number): void {
    this.#rows[at] = row;
    this.#scores[at] = score;
  }

  #rise(at: number, row: number, score: number): void {
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (this.#worse(parent, row, score)) break;
      this.#put(at, this.#rows[parent]!, this.#scores[parent]!);
      at = parent;
    }
    this.#put(at, row, score);
  }

  /** Replaces the worst. */
  #sink(row: number, score: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#worse(child + 1, this.#rows[child]!, this.#scores[child]!)) child++;
      if (!this.#worse(child, row, score)) break;
      this.#put(at, this.#rows[child]!, this.#scores[child]!);
      at = child;
    }
    this.#put(at, row, score);
  }
}
