/**
 * @file Random weights by the gigabyte. A table of normal deviates is made once per standard deviation; tensors are
 * filled with slices of it from random positions, so that the disk limits the speed.
 */

const TABLE = 1 << 20;

/** Seeded 32-bit generator (xorshift). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  /** In [0, 1). */
  next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 2 ** 32;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** A standard normal deviate (Box-Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}

/** The values of a tensor: mean + deviation · normal. */
export interface Spread {
  mean: number;
  deviation: number;
}

export type FileDtype = 'BF16' | 'F32';

export class RandomWeights {
  readonly #random: Random;
  readonly #normal: Float32Array;
  readonly #tables = new Map<string, Uint8Array>();

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#normal = Float32Array.from({ length: TABLE }, () => this.#random.normal());
  }

  /** Fills `out` with little-endian values. Its length must be a multiple of the element size. */
  fill(out: Uint8Array, dtype: FileDtype, spread: Spread): void {
    const size = dtype === 'BF16' ? 2 : 4;
    const table = this.#table(dtype, spread);
    for (let at = 0; at < out.length;) {
      const start = this.#random.below(TABLE) * size;
      const part = table.subarray(start, Math.min(table.length, start + out.length - at));
      out.set(part, at);
      at += part.length;
    }
  }

  #table(dtype: FileDtype, { mean, deviation }: Spread): Uint8Array {
    const key = `${dtype} ${mean} ${deviation}`;
    let table = this.#tables.get(key);
    if (!table) {
      const values = this.#normal.map((value) => mean + deviation * value);
      table = dtype === 'F32' ? new Uint8Array(values.buffer) : bfloat16(values);
      this.#tables.set(key, table);
    }
    return table;
  }
}

/** Rounded by adding half a unit in the last place. */
function bfloat16(values: Float32Array): Uint8Array {
  const bits = new Uint32Array(values.buffer);
  return new Uint8Array(Uint16Array.from(bits, (value) => (value + 0x8000) >>> 16).buffer);
}
