/** @file From the search form to what is shown: all pictures, or results; decides when to search again. */
import { computed, signal } from '@preact/signals';
import type {
  DeepProgress,
  DeepReport,
  IndexState,
  ParsedQuery,
  PhotoIndex,
  SearchHit,
  SearchOptions,
  SearchQuery,
  SearchResult,
  Understood,
} from '../../../src/search';
import { latest } from '../../shell/latest';
import { EMPTY_FORM, NO_FILTER, toFilter, toSearchQuery, type PicturePart, type QueryForm } from './form';

/** What is shown. */
export interface Found {
  /** Null if all pictures are shown. */
  query: SearchQuery | null;
  /** Best first, or newest first. */
  ids: Uint32Array;
  /** How many of them stand out; the others are less relevant. */
  relevant: number;
  /** Null if all pictures are shown. */
  hits: ReadonlyMap<number, SearchHit> | null;
  /** Even the best may be chance. */
  weak: boolean;
  /** Pictures that passed the filter. */
  candidates: number;
  milliseconds: { embed: number; score: number } | null;
  /** What the second model contributed; null if only the first one ranked them. */
  deep: DeepReport | null;
  /** Revision of the index at the time of the query. */
  revision: number;
  /** How the words were interpreted; absent or null if there were none. */
  understood?: Understood | null;
}

export interface FinderOptions {
  parse: (text: string) => ParsedQuery;
  /** Whether results may change by themselves, which they may not while someone is looking through them. */
  calm: () => boolean;
  /** The time between two automatic changes, in milliseconds. */
  pause?: number;
  /**
   * How long to wait before showing results found by words alone, in milliseconds: a quick model has answered by then.
   */
  haste?: number;
  /** How long to wait before showing results of the first model while the second one works, in milliseconds. */
  patience?: number;
}

/** Hits requested at first, and the factor for each "show more". */
const LIMIT = 300;
const MORE = 5;
/** This many less relevant ones are not worth a click. */
const FEW = 12;

export class Finder {
  readonly form = signal<QueryForm>(EMPTY_FORM);
  readonly found = signal<Found | null>(null);
  readonly searching = signal(false);
  /** Whether what is shown answers an older form: another search is in progress, or starts as soon as typing pauses. */
  readonly stale = computed(() => this.searching.value || this.#answered.value < this.#asked.value);
  readonly error = signal<unknown>(null);
  /** Whether the less relevant ones are shown too. */
  readonly unfolded = signal(false);
  /** There are exclusions, but nothing to search for. */
  readonly onlyExclusions = signal(false);
  /** A new search would give different results by now. */
  readonly outdated = signal(false);
  /** The second model's progress with the pictures of this search; null if it has none to process. */
  readonly looking = signal<DeepProgress | null>(null);
  /** Results of the second model, in a different order from those being looked through. */
  readonly reordered = signal<Found | null>(null);
  /** Whether a query with a higher limit would give more. */
  readonly hasMore = computed(() => {
    const found = this.found.value;
    return found?.query != null && found.ids.length < found.candidates;
  });

  readonly #options: Required<FinderOptions>;
  #index: PhotoIndex | null = null;
  /** Changes of the form; how many of them the newest answer covers, and the search under way. */
  readonly #asked = signal(0);
  readonly #answered = signal(0);
  #running = 0;
  #limit = LIMIT;
  #key = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastRun = 0;

  constructor(options: FinderOptions) {
    this.#options = { pause: 2500, haste: 50, patience: 250, ...options };
  }

  /** Searches this index from now on; null for none. */
  use(index: PhotoIndex | null): void {
    this.#index = index;
    this.found.value = null;
    this.error.value = null;
    this.outdated.value = false;
    // Pictures of another index mean nothing here.
    const pictures = this.form.value.pictures.filter(({ image }) => image instanceof Blob);
    if (pictures.length < this.form.value.pictures.length) this.form.value = { ...this.form.value, pictures };
    if (index) void this.run();
  }

  /** Changes the form and searches: at once, or once `pause` milliseconds have passed without another change. */
  change(part: Partial<QueryForm>, pause = 0): void {
    this.form.value = { ...this.form.value, ...part };
    this.#asked.value++;
    this.#limit = LIMIT;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.run(), pause);
  }

  addPicture(part: Omit<PicturePart, 'key' | 'sign'>, only = false): void {
    const picture: PicturePart = { ...part, key: this.#key++, sign: 'like' };
    if (only) this.change({ text: '', pictures: [picture] });
    else this.change({ pictures: [...this.form.value.pictures, picture] });
  }

  clear(): void {
    this.change({ text: '', pictures: [] });
  }

  clearFilter(): void {
    this.change({ filter: NO_FILTER });
  }

  more(): void {
    this.#limit *= MORE;
    void this.run();
  }

  /** Follows the index: new pictures are shown if that disturbs nobody, else their existence is announced. */
  follow(state: IndexState): void {
    const found = this.found.value;
    if (!found || state.revision === found.revision || this.stale.value) return;
    if (!this.#options.calm()) {
      this.outdated.value = true;
      return;
    }
    const wait =
      state.phase === 'idle' || state.phase === 'paused' || found.candidates === 0
        ? 0
        : Math.max(0, this.#lastRun + this.#options.pause - Date.now());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.run(), wait);
  }

  readonly run: () => Promise<void> = latest(
    async (abort) => {
      const index = this.#index;
      if (!index) return;
      clearTimeout(this.#timer);
      this.#lastRun = Date.now();
      this.#running = this.#asked.value;
      const form = this.form.value;
      const parsed = this.#options.parse(form.text);
      const query = toSearchQuery(form, parsed, this.#limit);
      this.onlyExclusions.value = query === null && (form.text.trim() !== '' || form.pictures.length > 0);
      this.error.value = null;
      this.searching.value = true;
      this.reordered.value = null;
      let early = false;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let hasty: ReturnType<typeof setTimeout> | undefined;
      const options: SearchOptions = {
        signal: abort,
        onWords: (result) => {
          if (result.hits.length === 0) return;
          hasty = setTimeout(() => {
            early = true;
            this.#show(foundOf(query!, result));
          }, this.#options.haste);
        },
        onFirst: (result) => {
          clearTimeout(hasty);
          timer = setTimeout(() => {
            early = true;
            this.#show(foundOf(query!, result));
          }, this.#options.patience);
        },
        onProgress: (progress) => (this.looking.value = progress),
      };
      const found = await (query ? search(index, query, options) : list(index, form)).finally(() => {
        clearTimeout(timer);
        clearTimeout(hasty);
        if (!abort.aborted) this.looking.value = null;
      });
      abort.throwIfAborted();
      // Someone may be looking through the first model's results by now.
      if (early && !this.#options.calm()) this.reordered.value = found;
      else this.#show(found);
      this.#end();
      // Changes in the meantime were not followed, and there may be no further ones.
      if (index === this.#index) this.follow(index.state);
    },
    (error) => {
      this.#end();
      this.error.value = error;
    },
  );

  /** Shows the second model's results. */
  reorder(): void {
    const found = this.reordered.value;
    this.reordered.value = null;
    if (found) this.#show(found);
  }

  #show(found: Found): void {
    const others = found.query?.typed !== this.found.value?.query?.typed;
    this.unfolded.value = (this.unfolded.value && !others) || found.ids.length - found.relevant <= FEW;
    this.found.value = found;
    this.outdated.value = false;
  }

  #end(): void {
    this.searching.value = false;
    this.#answered.value = this.#running;
  }
}

async function search(index: PhotoIndex, query: SearchQuery, options: SearchOptions): Promise<Found> {
  return foundOf(query, await index.search(query, options));
}

function foundOf(query: SearchQuery, result: SearchResult): Found {
  const { hits, relevantCount, weak, candidates, revision, milliseconds, deep, understood = null } = result;
  return {
    query,
    ids: Uint32Array.from(hits, ({ id }) => id),
    relevant: relevantCount,
    hits: new Map(hits.map((hit) => [hit.id, hit])),
    weak,
    candidates,
    milliseconds,
    deep,
    revision,
    understood,
  };
}

async function list(index: PhotoIndex, form: QueryForm): Promise<Found> {
  const { revision } = index.state;
  const filter = toFilter(form.filter);
  const ids = await index.list(filter ? { filter } : {});
  return {
    query: null,
    ids,
    relevant: ids.length,
    hits: null,
    weak: false,
    candidates: ids.length,
    milliseconds: null,
    deep: null,
    revision,
    understood: null,
  };
}
