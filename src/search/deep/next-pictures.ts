/** @file Which pictures the deep model takes next, among those that it has not seen. */

import type { Catalog } from '../library/catalog';
import type { PictureRow } from '../library/rows';

/** How many recent searches' best pictures are remembered. */
const MOST_MATCHING = 2000;

export interface NextPicturesOptions {
  order: 'newest' | 'matching';
  catalog(): Catalog;
  /** Changes when pictures are added, changed or removed. */
  revision(): number;
  /** Whether a picture should be embedded, and can be now. */
  isOpen(row: PictureRow): boolean;
}

export class NextPictures {
  readonly #options: NextPicturesOptions;
  /** Ids that recent searches found, the most recent search's best first. */
  #matching: readonly number[] = [];
  /** Ids, with the newest picture last. */
  #newest: number[] = [];
  #revision = -1;

  constructor(options: NextPicturesOptions) {
    this.#options = options;
  }

  /** What a search's first pass found, best first. */
  matched(ids: readonly number[]): void {
    if (this.#options.order !== 'matching') return;
    this.#matching = [...new Set([...ids, ...this.#matching])].slice(0, MOST_MATCHING);
  }

  /** All pictures still to be done, in no order. */
  *open(): Generator<PictureRow> {
    const catalog = this.#options.catalog();
    for (const { id } of catalog.files.values()) {
      const row = catalog.picture(id);
      if (row && this.#options.isOpen(row)) yield row;
    }
  }

  /** The next ones, at most so many; none if no accepted picture is left. */
  take(count: number, accept: (row: PictureRow) => boolean): PictureRow[] {
    const taken = new Map<string, PictureRow>();
    const offer = (id: number | undefined) => {
      const row = id === undefined ? undefined : this.#options.catalog().picture(id);
      if (row && this.#options.isOpen(row) && accept(row)) taken.set(row.hash, row);
    };
    for (let i = 0; i < this.#matching.length && taken.size < count; i++) offer(this.#matching[i]);
    this.#matching = this.#matching.filter((id) => {
      const row = this.#options.catalog().picture(id);
      return row !== undefined && this.#options.isOpen(row);
    });
    if (this.#newest.length === 0 || this.#revision !== this.#options.revision()) this.#list();
    while (this.#newest.length > 0 && taken.size < count) offer(this.#newest.pop());
    return [...taken.values()].slice(0, count);
  }

  #list(): void {
    this.#revision = this.#options.revision();
    const rows = [...this.open()].sort((a, b) => a.taken - b.taken || a.id - b.id);
    this.#newest = rows.map(({ id }) => id);
  }
}
