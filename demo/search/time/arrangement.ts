/** @file The results in the chosen order: by relevance, or by time with headings. */
import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals';
import type { PhotoDates, PhotoIndex } from '../../../src/search';
import type { Found } from '../query/finder';
import { timeline, type TimeOrder, type Timeline } from './sections';

/** `fit`: best first, and newest first without a query. */
export type Sort = 'fit' | TimeOrder;
export const SORTS: readonly Sort[] = ['fit', 'newest', 'oldest'];

export interface Arranged {
  found: Found;
  /** All results: those that stand out in the chosen order, then the others by relevance. // [found] */
  ids: Uint32Array;
  /** Sections of those that stand out; null if they are not in order of time. */
  timeline: Timeline | null;
}

export interface ArrangementOptions {
  found: ReadonlySignal<Found | null>;
  /** Whether the less relevant ones are shown too. */
  unfolded: ReadonlySignal<boolean>;
  index: ReadonlySignal<Pick<PhotoIndex, 'dates'> | null>;
}

export class Arrangement {
  readonly sort = signal<Sort>('fit');
  readonly #arranged = signal<Arranged | null>(null);
  readonly #options: ArrangementOptions;
  #dates: { found: Found; dates: Promise<PhotoDates> } | null = null;

  /** What is shown. It lags a moment behind `found` if times have to be requested. */
  readonly arranged: ReadonlySignal<Arranged | null> = this.#arranged;
  /** The pictures shown, in order. */
  readonly order = computed(() => {
    const arranged = this.#arranged.value;
    if (!arranged) return new Uint32Array();
    return this.#options.unfolded.value ? arranged.ids : arranged.ids.subarray(0, arranged.found.relevant);
  });

  constructor(options: ArrangementOptions) {
    this.#options = options;
  }

  /** How it is sorted: without a query, nothing is more relevant than anything else. */
  orderOf(found: Found): Sort {
    return this.sort.value === 'fit' && found.query === null ? 'newest' : this.sort.value;
  }

  /** From here on it follows the results. */
  follow(): void {
    effect(() => {
      const found = this.#options.found.value;
      const order = found && this.orderOf(found);
      return untracked(() => this.#arrange(found, order));
    });
  }

  #arrange(found: Found | null, order: Sort | null): (() => void) | undefined {
    const show = (ids: Uint32Array, timeline: Timeline | null) =>
      (this.#arranged.value = { found: found!, ids, timeline });
    if (!found || found.relevant === 0 || order === 'fit' || order === null) {
      if (found) show(found.ids, null);
      else this.#arranged.value = null;
      return undefined;
    }
    let current = true;
    const standing = found.ids.subarray(0, found.relevant);
    this.#datesOf(found, standing).then(
      (dates) => {
        if (!current) return;
        const laid = timeline(standing, dates, order);
        const ids = found.ids.slice();
        ids.set(laid.ids);
        show(ids, laid);
      },
      // The index was closed meanwhile, along with what is shown; or else this is all that is known.
      () => current && show(found.ids, null),
    );
    return () => void (current = false);
  }

  /** Requested once, however often the order changes. */
  #datesOf(found: Found, ids: Uint32Array): Promise<PhotoDates> {
    if (this.#dates?.found === found) return this.#dates.dates;
    const index = this.#options.index.value;
    const dates = index ? index.dates(ids) : Promise.reject(new Error('No index'));
    this.#dates = { found, dates };
    return dates;
  }
}
