/** @file A set of row numbers, one bit each. */

import { expectArgument } from '../../arguments';

/** A set of row numbers, one bit each. */
export class Bitset {
  /** Number of rows it can hold: 0 to `length` − 1. */
  readonly length: number;
  /** Bit `row & 31` of word `row >>> 5`; bits beyond `length` are 0. */
  readonly words: Uint32Array;

  /** An empty set for rows 0 to `length` − 1. @throws InvalidInputError for a length that is none */
  constructor(length: number) {
    const isLength = Number.isInteger(length) && length >= 0;
    expectArgument('Bitset', 'length', length, 'a whole number from 0', isLength);
    this.length = length;
    this.words = new Uint32Array(Math.ceil(length / 32));
  }

  /** The rows of `length` for which `test` holds. */
  static where(length: number, test: (row: number) => boolean): Bitset {
    expectArgument('Bitset.where', 'test', test, 'a function', typeof test === 'function');
    const set = new Bitset(length);
    for (let row = 0; row < length; row++) if (test(row)) set.words[row >>> 5]! |= 1 << (row & 31);
    return set;
  }

  /** The set of `rows`. @throws RangeError for rows beyond `length`, InvalidInputError if they cannot be listed */
  static of(length: number, rows: Iterable<number>): Bitset {
    const set = new Bitset(length);
    const isIterable = typeof rows === 'object' && rows !== null && Symbol.iterator in rows;
    expectArgument('Bitset.of', 'rows', rows, 'row numbers', isIterable);
    for (const row of rows) set.add(row);
    return set;
  }

  /** Whether the row is in the set. */
  has(row: number): boolean {
    return row >= 0 && row < this.length && ((this.words[row >>> 5]! >>> (row & 31)) & 1) === 1;
  }

  /** Adds a row. @throws RangeError for a row beyond `length` */
  add(row: number): this {
    if (!(row >= 0 && row < this.length)) throw new RangeError(`Row ${row} is outside a set of ${this.length}.`);
    this.words[row >>> 5]! |= 1 << (row & 31);
    return this;
  }

  /** Removes a row; has no effect if it is not in the set. */
  delete(row: number): this {
    if (this.has(row)) this.words[row >>> 5]! &= ~(1 << (row & 31));
    return this;
  }

  /** Number of rows in the set. */
  get size(): number {
    let count = 0;
    for (let word of this.words) for (; word !== 0; word &= word - 1) count++;
    return count;
  }

  /** The rows that are in both sets. @throws RangeError if lengths differ */
  and(other: Bitset): Bitset {
    return this.#combine(other, (a, b) => a & b);
  }

  /** The rows that are in either set. @throws RangeError if lengths differ */
  or(other: Bitset): Bitset {
    return this.#combine(other, (a, b) => a | b);
  }

  /** The rows that are not in the set. */
  not(): Bitset {
    const set = new Bitset(this.length);
    for (let i = 0; i < set.words.length; i++) set.words[i] = ~this.words[i]!;
    const beyond = this.length & 31;
    if (beyond !== 0) set.words[set.words.length - 1]! &= (1 << beyond) - 1;
    return set;
  }

  /** Yields the rows in ascending order. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (let i = 0; i < this.words.length; i++) {
      for (let word = this.words[i]!; word !== 0; word &= word - 1) yield i * 32 + 31 - Math.clz32(word & -word);
    }
  }

  #combine(other: Bitset, operation: (a: number, b: number) => number): Bitset {
    if (other.length !== this.length) throw new RangeError(`The sets have ${this.length} and ${other.length} rows.`);
    const set = new Bitset(this.length);
    for (let i = 0; i < set.words.length; i++) set.words[i] = operation(this.words[i]!, other.words[i]!);
    return set;
  }
}
