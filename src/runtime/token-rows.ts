/** @file Rows of the token-embedding table, read from its file as prompts need them and kept while they are in use. */

import type { EmbeddingTable } from '../bundle/manifest';
import { decodeRow } from '../bundle/rows';

/** Decoded rows kept, in bytes. A caption uses a few dozen words; this holds thousands. */
const CACHE_BYTES = 32 * 1024 * 1024;
/** Rows closer together than this in the file are read together. */
const NEAR_BYTES = 16 * 1024;

/** Anything that reads byte ranges: a file of a bundle. */
export interface RowFile {
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** Reads and decodes rows, with a least-recently-used cache. */
export class TokenRows {
  readonly #file: RowFile;
  readonly #table: EmbeddingTable;
  readonly #capacity: number;
  /** In order of use, oldest first. */
  readonly #cache = new Map<number, Float32Array>();

  constructor(file: RowFile, table: EmbeddingTable, cacheBytes = CACHE_BYTES) {
    this.#file = file;
    this.#table = table;
    this.#capacity = Math.max(1, Math.floor(cacheBytes / (4 * table.columns)));
  }

  /** The rows of `ids`, which must be distinct. // [ids.length, columns] */
  async gather(ids: readonly number[], signal?: AbortSignal): Promise<Float32Array> {
    const { columns } = this.#table;
    const out = new Float32Array(ids.length * columns);
    const missing: number[] = [];
    ids.forEach((id, i) => {
      const row = this.#cache.get(id);
      if (!row) return missing.push(i);
      this.#cache.delete(id);
      this.#cache.set(id, row);
      return out.set(row, i * columns);
    });
    missing.sort((a, b) => ids[a]! - ids[b]!);
    await Promise.all(this.#runs(missing, ids).map((run) => this.#read(run, ids, out, signal)));
    return out;
  }

  /** Splits positions, sorted by id, where the gap in the file is too wide to read through. */
  #runs(positions: readonly number[], ids: readonly number[]): number[][] {
    const runs: number[][] = [];
    let previous = -Infinity;
    for (const position of positions) {
      const id = ids[position]!;
      if ((id - previous - 1) * this.#table.rowBytes > NEAR_BYTES) runs.push([]);
      runs.at(-1)!.push(position);
      previous = id;
    }
    return runs;
  }

  async #read(run: readonly number[], ids: readonly number[], out: Float32Array, signal?: AbortSignal): Promise<void> {
    const { rowBytes, columns } = this.#table;
    const first = ids[run[0]!]!;
    const bytes = await this.#file.read(first * rowBytes, (ids[run.at(-1)!]! + 1) * rowBytes, signal);
    for (const position of run) {
      const id = ids[position]!;
      const row = new Float32Array(columns);
      decodeRow(this.#table, bytes.subarray((id - first) * rowBytes, (id - first + 1) * rowBytes), row);
      out.set(row, position * columns);
      this.#cache.set(id, row);
    }
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= this.#capacity) break;
      this.#cache.delete(oldest);
    }
  }
}
