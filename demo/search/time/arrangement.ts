/** @file What was found, in the order that a person wants: as it fits, or by time and then with headings. */
import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals';
import type { PhotoDates, PhotoIndex } from '../../../src/search';
import type { Found } from '../query/finder';
import { timeline, type TimeOrder, type Timeline } from './sections';

/** `fit`: best first, and newest first where nothing is looked for. */
export type Sort = 'fit' | TimeOrder;
export const SORTS: readonly Sort[] = ['fit', 'newest', 'oldest'];

export interface Arranged {
  found: Found;
  /** All that was found: what stands out in the order that is wanted, then the others as they fit. // [found] */
  ids: Uint32Array;
  /** Of what stands out; null where it is not in order of time. */
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

  /** What is shown. It lags a moment behind `found` where times have to be asked for. */
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

  /** How it is sorted: where nothing is looked for, nothing fits better than anything else. */
  orderOf(found: Found): Sort {
    return this.sort.value === 'fit' && found.query === null ? 'newest' : this.sort.value;
  }

  /** From here on it goes along with what is found. */
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
      // The index was closed meanwhile, and with it goes what is shown; or else this is all that is known.
      () => current && show(found.ids, null),
    );
    return () => void (current = false);
  }

  /** Asked for once, however often the order changes. */
  #datesOf(found: Found, ids: Uint32Array): Promise<PhotoDates> {
    if (this.#dates?.found === found) return this.#dates.dates;
    const index = this.#options.index.value;
    const dates = index ? index.dates(ids) : Promise.reject(new Error('No index'));
    this.#dates = { found, dates };
    return dates;
  }
}
