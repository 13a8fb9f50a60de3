/**
 * @file Memory for rows of int8 codes, and their dot products with one int16 query: by WebAssembly's SIMD where there
 * is any, else in plain JavaScript. Both give the same integers.
 *
 * A query of 16 bits keeps its rounding far below that of the codes, so that what is left to look at again after a
 * scan is few. Integers make the two ways, and every browser, agree to the last bit.
 */

import { base64ToBytes } from '../../bundle/base64';
import { DOTS_WASM } from './dots-wasm';

/** Codes of a row are padded with zeros to a multiple of this. */
export const LANES = 16;

/** Most rows that one call of {@link DotKernel.dots} takes. */
export const MAX_ROWS = 4096;

/** Longest row, in codes. */
export const MAX_LENGTH = 8192;

/** Above this sum of magnitudes a query could overflow int32 against codes of −128. */
export const MAX_QUERY_SUM = Math.floor((2 ** 31 - 1) / 128);

/** WebAssembly with SIMD, or plain JavaScript. Both give the same numbers. */
export type KernelName = 'simd' | 'js';

export interface DotKernel {
  readonly name: KernelName;
  /** The rows' memory. {@link DotKernel.reserve} replaces it, with what was in it. */
  readonly codes: Int8Array;
  /** Makes `codes` at least so long. @throws RangeError where there is no memory for it */
  reserve(bytes: number): void;
  /** Sets the query of the following calls: a multiple of {@link LANES} numbers. */
  load(query: Int16Array): void;
  /**
   * Dot products of the query with the first so many codes of `count` rows, the first of them at `start` in `codes`,
   * each `stride` after the one before. Only the part of the query and of the rows between `from` and `to` counts,
   * multiples of {@link LANES} both; its magnitudes are at most {@link MAX_QUERY_SUM} together.
   * @returns `count` numbers and, behind them, anything; overwritten by the next call
   */
  dots(start: number, stride: number, count: number, from?: number, to?: number): Int32Array;
}

/** @param name which to use. Default: SIMD, where this browser has it and the page's policy allows it. */
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
/** Query at 0, results behind it, rows from the second page on. */
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
