/** @file The fine halves of vectors, read as needed, for a few rows at a time, in as few requests as is worthwhile. */

import type { PackedVectors } from '../vectors';
import type { StaticFile } from './static-file';

/** A file no longer than this is read in one request. */
const SMALL = 160 << 10;
/** A gap between two rows up to this many bytes is read too, rather than making another request. */
const GAP = 4096;
/** Requests at a time. */
const AT_ONCE = 6;

export class FineRows {
  readonly #file: StaticFile;
  readonly #vectors: PackedVectors;
  readonly #known = new Set<number>();

  constructor(file: StaticFile, vectors: PackedVectors) {
    this.#file = file;
    this.#vectors = vectors;
  }

  lacks(row: number): boolean {
    return !this.#known.has(row);
  }

  /** @throws as `StaticFile.read` */
  async load(rows: Iterable<number>, signal?: AbortSignal): Promise<void> {
    const missing = [...rows].filter((row) => this.lacks(row)).sort((a, b) => a - b);
    if (missing.length === 0) return;
    const { dims } = this.#vectors;
    const runs =
      this.#file.bytes <= SMALL ? [{ first: 0, end: this.#vectors.rows }] : runsOf(missing, Math.floor(GAP / dims));
    const waiting = runs.values();
    const work = async () => {
      for (const { first, end } of waiting) {
        const bytes = await this.#file.read(first * dims, end * dims, signal);
        const codes = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
        for (let row = first; row < end; row++) {
          if (!this.#vectors.has(row)) continue;
          this.#vectors.setFine(row, codes.subarray((row - first) * dims, (row - first + 1) * dims));
          this.#known.add(row);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, runs.length) }, work));
  }
}

/** @param rows ascending @param gap the most rows across which two runs are joined */
export function runsOf(rows: readonly number[], gap: number): { first: number; end: number }[] {
  const runs: { first: number; end: number }[] = [];
  for (const row of rows) {
    const last = runs.at(-1);
    if (last && row - last.end <= gap) last.end = row + 1;
    else runs.push({ first: row, end: row + 1 });
  }
  return runs;
}
