/** @file Favourites and albums as the page knows them, kept in step with the index. */
import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals';
import { FAVOURITES, type Album, type IndexState, type PhotoIndex } from '../../../src/search';
import { latest } from '../../shell/latest';

/** While pictures are indexed, counts would change several times a second. In milliseconds. */
const PAUSE = 1500;

/** What it follows: `Library` is one. */
export interface AlbumSource {
  readonly open: ReadonlySignal<{ index: PhotoIndex } | null>;
  readonly state: ReadonlySignal<IndexState | null>;
  with<T>(run: (index: PhotoIndex) => Promise<T>): Promise<T | null>;
}

export class AlbumState {
  readonly #source: AlbumSource;
  readonly #all = signal<readonly Album[]>([]);
  readonly #favourites = signal<ReadonlySet<number>>(new Set());
  /** Pictures that are to be in albums; null while nothing is being asked. */
  readonly picking = signal<readonly number[] | null>(null);

  constructor(source: AlbumSource) {
    this.#source = source;
  }

  /** Favourites first; empty before they are known. */
  get all(): ReadonlySignal<readonly Album[]> {
    return this.#all;
  }

  /** Ids of pictures. */
  get favourites(): ReadonlySignal<ReadonlySet<number>> {
    return this.#favourites;
  }

  /** From here on they follow the index. @returns a function that ends that */
  follow(): () => void {
    const { open, state } = this.#source;
    const albums = computed(() => state.value?.albumRevision);
    const content = computed(() => state.value?.contentRevision);
    let before: number | undefined;
    return effect(() => {
      const index = open.value?.index ?? null;
      void content.value;
      const now = albums.value;
      const isPrompt = index === null || now !== before || untracked(() => this.#all.value.length === 0);
      before = now;
      if (isPrompt) return void this.#load(index);
      const timer = setTimeout(() => void this.#load(index), PAUSE);
      return () => clearTimeout(timer);
    });
  }

  /**
   * Adds them all if any of them is not a favourite, else removes them. @returns how many were added, or −n; null if it
   * failed
   */
  async toggleFavourites(ids: readonly number[]): Promise<number | null> {
    const known = this.#favourites.value;
    const missing = ids.filter((id) => !known.has(id));
    const change = missing.length > 0 ? { add: missing } : { remove: ids };
    const done = await this.#source.with(async (index) => {
      await index.changeAlbum(FAVOURITES, change);
      // Shown at once, and for copies too.
      await this.#load(index);
      return true;
    });
    return done ? missing.length || -ids.length : null;
  }

  readonly #load = latest(
    async (signal, index: PhotoIndex | null) => {
      if (!index) {
        this.#all.value = [];
        this.#favourites.value = new Set();
        return;
      }
      const [all, favourites] = await Promise.all([index.albums(), index.list({ filter: { album: FAVOURITES } })]);
      signal.throwIfAborted();
      this.#all.value = all;
      this.#favourites.value = new Set(favourites);
    },
    () => undefined, // the index was closed meanwhile; its problems are reported elsewhere
  );
}
