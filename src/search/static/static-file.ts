/** @file One file of an index on a web server: read by ranges, or as a whole if the host does not support them. */

import { IntegrityError, UnsupportedError } from '../../errors';
import { HttpFile } from '../../net';
import type { CountedFile } from '../library/folder-manifest';

/** The host sent the whole file when a part was requested. */
class NoRanges extends UnsupportedError {}

export interface StaticFileOptions {
  /** Address of the folder. */
  base: URL;
  fetch?: typeof fetch;
  largestWholeFile: number;
  /** Called for everything that is read. */
  onBytes(bytes: number): void;
}

export class StaticFile {
  readonly #file: HttpFile;
  readonly #options: StaticFileOptions;
  readonly #url: string;
  /** How many of its first bytes count; it may have grown since. */
  readonly bytes: number;
  #whole: Promise<Uint8Array<ArrayBuffer>> | null = null;

  constructor({ path, bytes }: CountedFile, options: StaticFileOptions) {
    this.#url = new URL(path, options.base).href;
    this.#options = options;
    this.bytes = bytes;
    this.#file = new HttpFile({
      url: this.#url,
      leastSize: bytes,
      fetch: options.fetch,
      pinned: true,
      noRanges: (message) => new NoRanges(message),
    });
  }

  /**
   * Bytes `start` to `end` (exclusive) of the bytes that count.
   * @throws IntegrityError if the file is shorter than the index says, or has changed since it was first read;
   * UnsupportedError if it
   *   is large and the host does not support ranges; SourceNotFoundError, NetworkError
   */
  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    if (this.#whole) return (await this.#whole).subarray(start, end);
    try {
      const bytes = await this.#file.read(start, end, signal);
      this.#options.onBytes(bytes.length);
      return bytes;
    } catch (error) {
      if (!(error instanceof NoRanges)) throw error;
    }
    this.#whole ??= this.#readWhole(signal);
    this.#whole.catch(() => (this.#whole = null));
    return (await this.#whole).subarray(start, end);
  }

  async #readWhole(signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const { largestWholeFile, onBytes } = this.#options;
    if (this.bytes > largestWholeFile) {
      throw new UnsupportedError(
        `${this.#url} has ${this.bytes} bytes, but its host only sends whole files. Serve it from a host that answers range requests.`,
        { url: this.#url, bytes: this.bytes },
      );
    }
    const bytes = new Uint8Array(this.bytes);
    let got = 0;
    for await (const piece of this.#file.stream(signal)) {
      const part = piece.subarray(0, bytes.length - got);
      bytes.set(part, got);
      got += part.length;
      onBytes(piece.length);
      if (got === bytes.length) break; // it may have grown
    }
    if (got < bytes.length) {
      throw new IntegrityError(
        `${this.#url} has ${got} bytes; the index says ${bytes.length}. Upload all files of the index again.`,
        {
          url: this.#url,
        },
      );
    }
    return bytes;
  }
}
