/** @file SHA-256 of a stream, as a whole and per chunk. WebCrypto has no streaming digest; hash-wasm does. */

import { createSHA256, type IHasher } from 'hash-wasm';
import { CHUNK_BYTES, type BundleFile } from './manifest';

/** Collects `bytes`, `sha256` and the chunk hashes of a file while it is written or read front to back. */
export class FileHasher {
  #bytes = 0;
  #inChunk = 0;
  readonly #chunks: string[] = [];
  readonly #whole: IHasher;
  readonly #chunk: IHasher;

  private constructor(whole: IHasher, chunk: IHasher) {
    this.#whole = whole;
    this.#chunk = chunk;
  }

  static async create(): Promise<FileHasher> {
    const [whole, chunk] = await Promise.all([createSHA256(), createSHA256()]);
    whole.init();
    chunk.init();
    return new FileHasher(whole, chunk);
  }

  update(bytes: Uint8Array): void {
    this.#whole.update(bytes);
    for (let start = 0; start < bytes.length;) {
      const part = bytes.subarray(start, start + CHUNK_BYTES - this.#inChunk);
      this.#chunk.update(part);
      this.#inChunk += part.length;
      start += part.length;
      if (this.#inChunk === CHUNK_BYTES) this.#endChunk();
    }
    this.#bytes += bytes.length;
  }

  /** The finished entry for the manifest. The hasher must not be used afterwards. */
  finish(path: string): BundleFile {
    if (this.#inChunk > 0 || this.#chunks.length === 0) this.#endChunk();
    return { path, bytes: this.#bytes, sha256: this.#whole.digest('hex'), chunks: this.#chunks };
  }

  #endChunk(): void {
    this.#chunks.push(this.#chunk.digest('hex'));
    this.#chunk.init();
    this.#inChunk = 0;
  }
}
