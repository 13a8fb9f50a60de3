/** @file Facts about pictures, requested in batches: a scrolling grid requests a screenful at a time. */
import type { PhotoItem } from '../../../src/search';

export class ItemCache {
  readonly #load: (ids: number[]) => Promise<(PhotoItem | null)[]>;
  readonly #kept: number;
  #known = new Map<number, Promise<PhotoItem | null>>();
  /** Those among them that have arrived. */
  #arrived = new Map<number, PhotoItem | null>();
  #batch: { ids: number[]; answer: Promise<(PhotoItem | null)[]> } | null = null;

  constructor(load: (ids: number[]) => Promise<(PhotoItem | null)[]>, kept = 5000) {
    this.#load = load;
    this.#kept = kept;
  }

  get(id: number): Promise<PhotoItem | null> {
    const known = this.#known.get(id);
    if (known) return known;
    if (this.#known.size >= this.#kept) this.clear();
    const item = this.#ask(id);
    const of = this.#known;
    of.set(id, item);
    item.then(
      (found) => of === this.#known && this.#arrived.set(id, found),
      () => of.delete(id),
    );
    return item;
  }

  /** Undefined if it has not arrived yet; null if there is no such picture. */
  known(id: number): PhotoItem | null | undefined {
    return this.#arrived.get(id);
  }

  /** Files may have changed: everything is requested again. */
  clear(): void {
    this.#known = new Map();
    this.#arrived = new Map();
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
