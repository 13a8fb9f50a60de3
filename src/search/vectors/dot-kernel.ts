/**
 * @file Memory for rows of int8 codes, and their dot products with one int16 query: by WebAssembly SIMD if available,
 * otherwise in plain JavaScript. Both give the same integers.
 *
 * With 16 bits, the rounding of the query is far smaller than that of the codes, so that few rows have to be computed
 * again after a scan. With integers, both implementations and all browsers agree to the last bit.
 */

import { base64ToBytes } from '../../bundle/base64';
import { DOTS_WASM } from './dots-wasm';

/** Codes of a row are padded with zeros to a multiple of this. */
export const LANES = 16;

/** The most rows that one call of {@link DotKernel.dots} takes. */
export const MAX_ROWS = 4096;

/** Longest row, in codes. */
export const MAX_LENGTH = 8192;

/** With a larger sum of magnitudes, a query could overflow int32 against codes of −128. */
export const MAX_QUERY_SUM = Math.floor((2 ** 31 - 1) / 128);

/** WebAssembly with SIMD, or plain JavaScript. Both give the same numbers. */
export type KernelName = 'simd' | 'js';

export interface DotKernel {
  readonly name: KernelName;
  /** The memory of the rows. {@link DotKernel.reserve} replaces it and keeps its contents. */
  readonly codes: Int8Array;
  /** Makes `codes` at least this long. @throws RangeError if there is not enough memory */
  reserve(bytes: number): void;
  /** Sets the query for the following calls: a multiple of {@link LANES} numbers. */
  load(query: Int16Array): void;
  /**
   * Computes the dot products of the query with `count` rows, the first of which is at `start` in `codes` and each
   * further one `stride` after the previous one. Only the part of the query and of the rows between `from` and `to`
   * counts; both are multiples of {@link LANES}. The magnitudes of that part of the query must add up to at most {@link
   * MAX_QUERY_SUM}.
   * @returns `count` numbers, followed by arbitrary ones; overwritten by the next call
   */
  dots(start: number, stride: number, count: number, from?: number, to?: number): Int32Array;
}

/** @param name which one to use. Default: SIMD if the browser supports it and the page's policy allows it. */
export function createDotKernel(name?: KernelName): DotKernel {
  if (name === 'js') return new JsKernel();
  try {
    return new SimdKernel();
  } catch (error) {
    if (name === 'simd') throw error;
    return new JsKernel();
  }
}

interface Exports {
  memory: WebAssembly.Memory;
  dots(row: number, stride: number, length: number, count: number, query: number, out: number): void;
}

const PAGE = 65536;
/** The query is at 0, followed by the results; rows start at the second page. */
const OUT_AT = MAX_LENGTH * 2;
const ROWS_AT = PAGE;

class SimdKernel implements DotKernel {
  readonly name = 'simd';
  codes = new Int8Array(0);
  readonly #exports: Exports;
  #query: Int16Array;
  #out: Int32Array;
  #length = 0;

  constructor() {
    // Under 4 KiB, which browsers compile at once even on a page's main thread.
    const module = new WebAssembly.Module(base64ToBytes(DOTS_WASM) as Uint8Array<ArrayBuffer>);
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    this.#query = new Int16Array(this.#exports.memory.buffer, 0, MAX_LENGTH);
    this.#out = new Int32Array(this.#exports.memory.buffer, OUT_AT, MAX_ROWS);
  }

  reserve(bytes: number): void {
    const more = Math.ceil((bytes - this.codes.length) / PAGE);
    if (more <= 0) return;
    this.#exports.memory.grow(more);
    const { buffer } = this.#exports.memory; // the one before is detached
    this.codes = new Int8Array(buffer, ROWS_AT);
    this.#query = new Int16Array(buffer, 0, MAX_LENGTH);
    this.#out = new Int32Array(buffer, OUT_AT, MAX_ROWS);
  }

  load(query: Int16Array): void {
    this.#query.set(query);
    this.#length = query.length;
  }

  dots(start: number, stride: number, count: number, from = 0, to = this.#length): Int32Array {
    this.#exports.dots(ROWS_AT + start + from, stride, to - from, count, from * 2, OUT_AT);
    return this.#out;
  }
}

class JsKernel implements DotKernel {
  readonly name = 'js';
  codes = new Int8Array(0);
  readonly #out = new Int32Array(MAX_ROWS);
  #query = new Int16Array(0);

  reserve(bytes: number): void {
    if (bytes <= this.codes.length) return;
    const codes = new Int8Array(bytes);
    codes.set(this.codes);
    this.codes = codes;
  }

  load(query: Int16Array): void {
    this.#query = query.slice();
  }

  dots(start: number, stride: number, count: number, from = 0, to = this.#query.length): Int32Array {
    const codes = this.codes;
    const query = this.#query;
    for (let row = 0; row < count; row++) {
      const at = start + row * stride;
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let i = from; i < to; i += 4) {
        a = (a + codes[at + i]! * query[i]!) | 0;
        b = (b + codes[at + i + 1]! * query[i + 1]!) | 0;
        c = (c + codes[at + i + 2]! * query[i + 2]!) | 0;
        d = (d + codes[at + i + 3]! * query[i + 3]!) | 0;
      }
      this.#out[row] = a + b + c + d;
    }
    return this.#out;
  }
}
