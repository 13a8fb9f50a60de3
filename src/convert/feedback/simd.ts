/** @file The inner loops of error feedback with WebAssembly SIMD (feedback.wat). */

import { base64ToBytes } from '../../bundle/base64';
import { FEEDBACK_WASM } from './feedback-wasm';
import { arraysIn, JsKernel, type FeedbackKernel } from './kernel';

interface Exports {
  memory: WebAssembly.Memory;
  fit(pairs: number, block: number, kind: number): void;
  judge(pairs: number, block: number, candidates: number): void;
  feed(pairs: number, block: number, blocks: number): void;
  pass(pairs: number, block: number, first: number, blocks: number): void;
}

export class SimdKernel implements FeedbackKernel {
  readonly name = 'simd';
  readonly arrays: FeedbackKernel['arrays'];
  readonly #exports: Exports;

  constructor() {
    // Under 4 KiB, which browsers compile at once even on a page's main thread.
    const module = new WebAssembly.Module(base64ToBytes(FEEDBACK_WASM) as Uint8Array<ArrayBuffer>);
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    this.arrays = arraysIn(this.#exports.memory.buffer);
  }

  fit(pairs: number, block: number, kind: 0 | 1): void {
    this.#exports.fit(pairs, block, kind);
  }

  judge(pairs: number, block: number, candidates: number): void {
    this.#exports.judge(pairs, block, candidates);
  }

  feed(pairs: number, block: number, blocks: number): void {
    this.#exports.feed(pairs, block, blocks);
  }

  pass(pairs: number, block: number, first: number, blocks: number): void {
    this.#exports.pass(pairs, block, first, blocks);
  }
}

/**
 * SIMD if this browser supports it and the page's policy allows it, else plain JavaScript. Both give the same codes.
 */
export function createFeedbackKernel(): FeedbackKernel {
  try {
    return new SimdKernel();
  } catch {
    return new JsKernel();
  }
}
