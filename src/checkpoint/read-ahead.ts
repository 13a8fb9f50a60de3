/** @file Fewer and larger reads where each one costs a round trip. */

import { CheckpointFormatError } from '../errors';
import type { ByteSource } from './types';

const WINDOW_BYTES = 4 * 1024 * 1024;

/**
 * Serves short reads (headers, norms, biases, a pickle) out of one window shared by all files of a tree; a read
 * outside it fetches the next window from there on. Long reads go through as they are.
 */
export class ReadAhead {
  #window: { source: ByteSource; start: number; bytes: Uint8Array } | null = null;

  wrap(source: ByteSource): ByteSource {
    return {
      name: source.name,
      size: source.size,
      read: (start, end, signal) => this.#read(source, start, end, signal),
    };
  }

  async #read(source: ByteSource, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    if (!(start >= 0 && start <= end && end <= source.size)) {
      throw new CheckpointFormatError(`${source.name}: bytes ${start}…${end} of ${source.size} were asked for`);
    }
    if (start === end) return new Uint8Array(0);
    if (end - start >= WINDOW_BYTES) return source.read(start, end, signal);
    let window = this.#window;
    if (window?.source !== source || start < window.start || end > window.start + window.bytes.length) {
      const bytes = await source.read(start, Math.min(start + WINDOW_BYTES, source.size), signal);
      window = { source, start, bytes };
      this.#window = window;
    }
    return window.bytes.slice(start - window.start, end - window.start);
  }
}
