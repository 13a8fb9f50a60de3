/**
 * @file The vectors of a library in packed form (see `codes.ts`): 2 bytes per number, of which a search reads one. Each
 * vector has a row; rows keep their numbers, and the row of a removed vector is reused for the next one. For the stored
 * form see `image.ts`.
 */

import { expectArgument, isListLike, isRecord } from '../../arguments';
import { InvalidInputError } from '../../errors';
import { encode, FINE, fineLength } from './codes';
import { createDotKernel, LANES, MAX_LENGTH, type DotKernel, type KernelName } from './dot-kernel';

/** Rows of one block of fine bytes. */
const BLOCK_ROWS = 256;

/** Options of {@link PackedVectors}. */
export interface PackedVectorsOptions {
  /** Length of a vector, 1 to 8192. */
  dims: number;
  /** Identifies the model that made the vectors; stored in their image. */
  model: string;
  /** @default SIMD, if available */
  kernel?: KernelName;
}

/** A library of vectors with 2 bytes per number, which {@link topK} searches. */
export class PackedVectors {
  /** Length of a vector. */
  readonly dims: number;
  /** {@link PackedVectorsOptions.model} */
  readonly model: string;
  /** What computes dot products. @internal */
  readonly kernel: DotKernel;
  /** Bytes between the coarse codes of two rows. */
  readonly stride: number;
  /** By row; 0 where a row is free. Replaced when it grows. */
  scales: Float32Array = new Float32Array(0);
  /** By row: length of the part of the vector that only the fine bytes contain. Replaced when it grows. */
  fineLengths: Float32Array = new Float32Array(0);
  readonly #fine: Int8Array[] = [];
  readonly #free: number[] = [];
  readonly #noFine: Int8Array;
  #rows = 0;

  /** @throws InvalidInputError if `dims` is out of range */
  constructor(options: PackedVectorsOptions) {
    expectArgument('PackedVectors', 'options', options, 'an object', isRecord(options));
    const { dims, model, kernel } = options;
    if (!Number.isInteger(dims) || dims < 1 || dims > MAX_LENGTH) {
      throw new InvalidInputError(`Vectors have 1 to ${MAX_LENGTH} dimensions, not ${dims}.`);
    }
    this.dims = dims;
    this.model = model;
    this.stride = Math.ceil(dims / LANES) * LANES;
    this.kernel = createDotKernel(kernel);
    this.#noFine = new Int8Array(dims);
  }

  /** Number of rows, including free ones: one more than the highest row used so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Number of vectors. */
  get size(): number {
    return this.#rows - this.#free.length;
  }

  /** Memory used, in bytes. */
  get bytes(): number {
    return this.kernel.codes.length + this.#fine.length * BLOCK_ROWS * this.dims + this.scales.byteLength * 2;
  }

  /** Whether the row holds a vector. */
  has(row: number): boolean {
    return row >= 0 && row < this.#rows && this.scales[row] !== 0;
  }

  /**
   * Puts a vector into a free row, or into a new one at the end. Returns the row.
   * @throws InvalidInputError for zeros, NaN, infinities or a wrong length; RangeError if there is not enough memory
   */
  add(vector: ArrayLike<number>): number {
    this.#check(vector);
    const row = this.#free.at(-1) ?? this.#rows;
    if (row === this.#rows) this.reserve(row + 1);
    this.#write(row, vector);
    if (row === this.#rows) this.#rows++;
    else this.#free.pop();
    return row;
  }

  /** Replaces the vector of a row. @throws InvalidInputError as `add` does, and if the row is free */
  replace(row: number, vector: ArrayLike<number>): void {
    this.#check(vector);
    this.#checkRow(row);
    this.#write(row, vector);
  }

  /** Frees a row. @throws InvalidInputError if it is already free */
  remove(row: number): void {
    this.#checkRow(row);
    this.scales[row] = 0;
    this.#free.push(row);
  }

  /** Returns the vector as stored. // [dims] @throws InvalidInputError if the row is free */
  get(row: number): Float32Array {
    this.#checkRow(row);
    const step = this.scales[row]! / FINE;
    return Float32Array.from(this.codes(row, new Int16Array(this.dims)), (code) => code * step);
  }

  /** Writes the 16-bit codes of a row into `out`. Like {@link coarse}, it does not check `row`. // [dims] */
  codes(row: number, out: Int16Array): Int16Array {
    const coarse = this.coarse(row);
    const fine = this.fine(row);
    for (let i = 0; i < coarse.length; i++) out[i] = FINE * coarse[i]! + fine[i]!;
    return out;
  }

  /** The coarse bytes of a row, in place. `row` is not checked: call {@link has} first. // [dims] */
  coarse(row: number): Int8Array {
    return this.kernel.codes.subarray(row * this.stride, row * this.stride + this.dims);
  }

  /** The fine bytes of a row, in place. Like {@link coarse}, it does not check `row`. // [dims] */
  fine(row: number): Int8Array {
    const at = (row % BLOCK_ROWS) * this.dims;
    return this.#fine[Math.floor(row / BLOCK_ROWS)]!.subarray(at, at + this.dims);
  }

  /**
   * Appends a row as an image stores it: a scale, which is 0 for a free row, and codes. The caller must have checked
   * the scale.
   */
  append(scale: number, coarse: Int8Array, fine: Int8Array): void {
    const row = this.#rows;
    this.reserve(row + 1);
    this.#rows++;
    this.coarse(row).set(coarse);
    this.fine(row).set(fine);
    this.scales[row] = scale;
    this.fineLengths[row] = fineLength(scale, fine);
    if (scale === 0) this.#free.push(row);
  }

  /**
   * Appends a row whose fine bytes are not available yet: until {@link setFine} supplies them, its exact score cannot
   * be computed, and the error of the coarse one is bounded by the largest possible fine bytes. @internal
   */
  appendCoarse(scale: number, coarse: Int8Array): void {
    const row = this.#rows;
    this.append(scale, coarse, this.#noFine);
    this.fineLengths[row] = Math.fround(((scale * Math.sqrt(this.dims) * 128) / FINE) * (1 + 1e-6));
  }

  /** Supplies the fine bytes of a row that was appended without them. @internal */
  setFine(row: number, fine: Int8Array): void {
    this.fine(row).set(fine);
    this.fineLengths[row] = fineLength(this.scales[row]!, fine);
  }

  /** Allocates room for this many rows at once. @throws RangeError if there is not enough memory */
  reserve(rows: number): void {
    if (rows > this.scales.length) {
      // By an eighth, so that growing step by step copies little and at most an eighth lies idle.
      const room = Math.max(rows, Math.ceil(this.#rows * 1.125), 64);
      this.kernel.reserve(room * this.stride);
      this.scales = grown(this.scales, room);
      this.fineLengths = grown(this.fineLengths, room);
    }
    while (this.#fine.length * BLOCK_ROWS < rows) this.#fine.push(new Int8Array(BLOCK_ROWS * this.dims));
  }

  #write(row: number, vector: ArrayLike<number>): void {
    const fine = this.fine(row);
    this.scales[row] = encode(vector, this.coarse(row), fine);
    this.fineLengths[row] = fineLength(this.scales[row]!, fine);
  }

  #check(vector: ArrayLike<number>): void {
    expectArgument('PackedVectors', 'vector', vector, 'a list of numbers', isListLike(vector));
    if (vector.length === this.dims) return;
    throw new InvalidInputError(`The vector has ${vector.length} dimensions, but these vectors have ${this.dims}.`);
  }

  #checkRow(row: number): void {
    if (!this.has(row)) throw new InvalidInputError(`There is no vector in row ${row}.`);
  }
}

function grown(values: Float32Array, length: number): Float32Array {
  const more = new Float32Array(length);
  more.set(values);
  return more;
}

/** @throws InvalidInputError */
export function expectPacked(call: string, vectors: unknown): void {
  expectArgument(call, 'vectors', vectors, 'PackedVectors', vectors instanceof PackedVectors);
}
