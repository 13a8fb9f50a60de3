/** @file The vectors of one model in memory, and the picture that each of their rows belongs to. */

import type { PhotoItem } from '../types';
import type { PackedVectors } from '../vectors';

export class Shelf {
  readonly #items: (PhotoItem | null)[] = [];

  constructor(readonly vectors: PackedVectors) {}

  /** By row of the vectors; null if there is no picture to find. */
  get items(): (PhotoItem | null)[] {
    while (this.#items.length < this.vectors.rows) this.#items.push(null);
    return this.#items;
  }

  /** Shows the picture of a row, or hides it. */
  show(row: number, item: PhotoItem | null): void {
    this.items[row] = item;
  }

  /** Frees a row. */
  free(row: number): void {
    this.items[row] = null;
    if (this.vectors.has(row)) this.vectors.remove(row);
  }
}
