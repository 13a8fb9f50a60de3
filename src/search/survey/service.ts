/**
 * @file The survey worker's side: work that takes seconds and would delay searches. The worker ends with the page's
 * call.
 */

import {
  Bitset,
  readImage,
  similarGroups,
  similarPairs,
  type PackedVectors,
  type SimilarPairs,
} from '../vectors/index';
import { holdLifeLock } from '../../remote/life-lock';
import { layOut } from './map';
import type { Layout, Snapshot } from './protocol';

export class SurveyService {
  #snapshot: Snapshot | null = null;
  #vectors: PackedVectors | null = null;
  #pairs: SimilarPairs | null = null;

  connect(lifeLock: string): Promise<boolean> {
    return holdLifeLock(lifeLock);
  }

  load(snapshot: Snapshot): void {
    this.#vectors = readImage(snapshot.image);
    this.#snapshot = { ...snapshot, image: new Uint8Array(0) };
    this.#pairs = null;
  }

  /** Groups of ids. Pairs once found serve for any higher threshold. */
  async similar(threshold: number): Promise<number[][]> {
    const { ids, distinct } = this.#snapshot!;
    const vectors = this.#vectors!;
    if (!this.#pairs || this.#pairs.threshold > threshold) {
      this.#pairs = await similarPairs(vectors, { threshold, rows: Bitset.of(vectors.rows, distinct) });
    }
    const groups = similarGroups(this.#pairs, Math.max(threshold, this.#pairs.threshold));
    return groups.map((rows) => rows.map((row) => ids[row]!));
  }

  layOut(onProgress: (fraction: number) => void): Promise<Layout> {
    return layOut(this.#vectors!, this.#snapshot!, onProgress);
  }
}
