/** @file Numbers that look random and are the same on every platform: integers only. */

/** Marsaglia's 32-bit xorshift (13, 17, 5). */
export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** 0 to n − 1. */
  below(n: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>>= 0;
    return state % n;
  }

  /** `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True with a probability of `parts` in `of`. */
  chance(parts: number, of: number): boolean {
    return this.below(of) < parts;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
