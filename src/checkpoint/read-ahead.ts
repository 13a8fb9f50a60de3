/** @file Fewer and larger reads where each one costs a round trip. */

import type { ByteSource } from './types';

/** One request then serves a header with its length, a norm or a bias. Samples of large weights are about as long. */
const WINDOW_BYTES = 64 * 1024;

/**
 * Serves short reads out of one window; a read outside it fetches the next window from there on. Longer reads go
 * through as they are.
 */
export class ReadAhead {
  readonly #size: number;
  readonly #fetch: ByteSource['read'];
  #window: { start: number; bytes: Uint8Array } | null = null;

  constructor(size: number, fetch: ByteSource['read']) {
    this.#size = size;
    this.#fetch = fetch;
  }

  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    if (end - start >= WINDOW_BYTES) return this.#fetch(start, end, signal);
    let window = this.#window;
    if (!window || start < window.start || end > window.start + window.bytes.length) {
      window = { start, bytes: await this.#fetch(start, Math.min(start + WINDOW_BYTES, this.#size), signal) };
      this.#window = window;
    }
    return window.bytes.slice(start - window.start, end - window.start);
  }
}
