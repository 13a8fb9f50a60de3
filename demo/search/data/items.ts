/** @file What is known of pictures, asked for in batches: a grid that scrolls asks for a screenful at a time. */
import type { PhotoItem } from '../../../src/search';

export class ItemCache {
  readonly #load: (ids: number[]) => Promise<(PhotoItem | null)[]>;
  readonly #kept: number;
  #known = new Map<number, Promise<PhotoItem | null>>();
  #batch: { ids: number[]; answer: Promise<(PhotoItem | null)[]> } | null = null;

  constructor(load: (ids: number[]) => Promise<(PhotoItem | null)[]>, kept = 5000) {
    this.#load = load;
    this.#kept = kept;
  }

  get(id: number): Promise<PhotoItem | null> {
    const known = this.#known.get(id);
    if (known) return known;
    if (this.#known.size >= this.#kept) this.#known.clear();
    const item = this.#ask(id);
    this.#known.set(id, item);
    item.catch(() => this.#known.delete(id));
    return item;
  }

  /** Files may have changed: everything is asked for again. */
  clear(): void {
    this.#known = new Map();
  }

  #ask(id: number): Promise<PhotoItem | null> {
    const batch = (this.#batch ??= this.#open());
    const position = batch.ids.push(id) - 1;
    return batch.answer.then((items) => items[position] ?? null);
  }

  /** Collects until the end of the turn. */
  #open() {
    const ids: number[] = [];
    const answer = Promise.resolve().then(() => {
      this.#batch = null;
      return this.#load(ids);
    });
    return { ids, answer };
  }
}
