/** @file `<vlm2vec-search>`: search over an index hosted on a web server. */

import { importing } from '../net';
import { parseQuery, searchQuery } from '../search/query';
import { ownLanguages } from '../search/query/dates/languages';
import type { PhotoItem, SearchQuery } from '../search/types';
import type { StaticIndex, StaticIndexInfo, StaticSearchResult } from '../search/static/types';
import { make, sizeInWords } from './dom';
import { DownloadNotice } from './download-notice';
import { ModelElement } from './model-element';
import { ResultGrid } from './result-grid';
import { SEARCH_WORDS, type SearchWords } from './words';

/** The `detail` of the event `vlm2vec-results`. */
export interface SearchResultsDetail extends StaticSearchResult {
  /** The query; null if the newest pictures are shown. */
  query: SearchQuery | null;
  /** The pictures of the hits, in order. */
  items: PhotoItem[];
}

/**
 * The `detail` of the event `vlm2vec-open`: the picture that was chosen, and the address of its original if it is
 * known.
 */
export interface OpenDetail {
  /** The picture that was chosen. */
  item: PhotoItem;
  /**
   * Address of its original, to which the browser navigates unless the event is prevented; null without `originals`.
   */
  href: string | null;
}

/** The `detail` of the event `vlm2vec-ready`: what the index says about itself. */
export type SearchReadyDetail = StaticIndexInfo;

const ATTRIBUTES = ['src', 'model', 'places', 'placeholder', 'browse', 'label'];
const DEFAULT_LIMIT = 24;
const ASK_ABOVE_MB = 30;

/**
 * Searches a folder that `vlm2vec index` wrote. Attributes, events, parts and variables are described in
 * docs/elements.md. In forms its value is the path of the picture that was chosen.
 */
export class VLM2VecSearch extends ModelElement {
  /** @internal */
  static readonly observedAttributes = ATTRIBUTES;
  #words: SearchWords = SEARCH_WORDS;
  #index: StaticIndex | null = null;
  #opening: Promise<StaticIndex | null> | null = null;
  #connection = new AbortController();
  #asking = new AbortController();
  #last: SearchQuery | null = null;
  #limit = DEFAULT_LIMIT;
  /** True once there was a query: the newest pictures must not replace its results. */
  #asked = false;
  readonly #box!: HTMLInputElement;
  readonly #form!: HTMLFormElement;
  readonly #notice!: DownloadNotice;
  readonly #more!: HTMLButtonElement;
  readonly #grid!: ResultGrid;
  readonly #submit!: HTMLButtonElement;

  constructor() {
    super();
    if (!globalThis.HTMLElement) return;
    this.#box = make('input', { type: 'search', part: 'input', autocomplete: 'off', enterKeyHint: 'search' });
    this.#submit = make('button', { type: 'submit', part: 'button' });
    this.#form = make('form', { part: 'form', attributes: { role: 'search' } }, this.#box, this.#submit);
    this.#notice = new DownloadNotice();
    this.#more = make('button', { type: 'button', part: 'more', hidden: true });
    this.#grid = new ResultGrid({
      onOpen: (item, event) => this.#open(item, event),
      onLike: (item) => void this.search({ image: { id: item.id } }),
      hrefOf: (item) => this.#hrefOf(item),
    });
    this.root.append(this.#form, this.statusLine, this.progressBar, this.#notice.element, this.#grid.list, this.#more);
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.search(this.#box.value);
    });
    this.#more.addEventListener('click', () => {
      this.#limit *= 2;
      void this.#show(this.#last);
    });
    this.#label();
  }

  /** Address of the index's folder, relative to the page. */
  get src(): string {
    return this.getAttribute('src') ?? '';
  }
  set src(value: string) {
    this.reflect('src', value);
  }

  /** Address of the folder that contains the originals, arranged by their paths; empty if they are not on the web. */
  get originals(): string {
    return this.getAttribute('originals') ?? '';
  }
  set originals(value: string) {
    this.reflect('originals', value);
  }

  /**
   * Address of `places.bin`, or of its folder, so that names of places filter (`pizza in Rome`); empty: they are
   * ordinary words. The file is read when typed words may name a place.
   */
  get places(): string {
    return this.getAttribute('places') ?? '';
  }
  set places(value: string) {
    this.reflect('places', value);
  }

  /** Number of results shown at first; a button shows more. @default 24 */
  get limit(): number {
    const limit = Number(this.getAttribute('limit'));
    return Number.isInteger(limit) && limit > 0 ? limit : DEFAULT_LIMIT;
  }
  set limit(value: number) {
    this.reflect('limit', value);
  }

  /** Whether the newest pictures are shown before the first search. */
  get browse(): boolean {
    return this.hasAttribute('browse') || this.model === 'none';
  }
  set browse(value: boolean) {
    this.toggleAttribute('browse', Boolean(value));
  }

  /** Number of megabytes that are downloaded without asking. @default 30 */
  get askAbove(): number {
    const given = this.getAttribute('ask-above');
    return given === null || Number.isNaN(Number(given)) ? ASK_ABOVE_MB : Number(given);
  }
  set askAbove(value: number) {
    this.reflect('ask-above', value);
  }

  /** The element's texts, for other languages; texts that are omitted stay English. */
  get words(): SearchWords {
    return this.#words;
  }
  set words(words: Partial<SearchWords>) {
    this.#words = { ...SEARCH_WORDS, ...words };
    this.#label();
  }

  /** The open index, for calls of your own; null until it is open. */
  get index(): StaticIndex | null {
    return this.#index;
  }

  /** @internal */
  connectedCallback(): void {
    this.adopt([
      'src',
      'model',
      'modelOptions',
      'words',
      'originals',
      'places',
      'limit',
      'browse',
      'askAbove',
      'name',
      'disabled',
    ]);
    this.#connection = new AbortController();
    if (this.src) void this.#connect();
  }

  /** @internal */
  override disconnectedCallback(): void {
    this.#leave();
    super.disconnectedCallback();
  }

  /** @internal */
  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now) return;
    if (name === 'placeholder' || name === 'label') return this.#label();
    if (!this.isConnected) return;
    this.#leave();
    this.releaseModel();
    this.#connection = new AbortController();
    if (this.src) void this.#connect();
  }

  /**
   * Searches for typed words as the search page does (`a dog -people`, `a dog 2021`), or for a query of
   * `vlm2vec-web/search`, and shows the results. A new call aborts earlier ones.
   * @returns what was found; null if the query was empty, or if the call was aborted or failed: `vlm2vec-error` says
   *   why
   */
  async search(query: string | SearchQuery): Promise<SearchResultsDetail | null> {
    const isAsked = typeof query !== 'string' || searchQuery({ parsed: parseQuery(query) }) !== null;
    const asked = typeof query !== 'string' ? query : isAsked ? { typed: query.trim() } : null;
    if (typeof query === 'string') this.#box.value = query;
    this.#limit = this.limit;
    this.#asked = true;
    if (!asked && !this.browse) {
      this.#grid.show([], () => Promise.reject(new Error()), 0);
      return null;
    }
    return this.#show(asked);
  }

  /** Aborts the search in progress. */
  abort(): void {
    this.#asking.abort();
  }

  /** @internal */
  protected override sourceOfModel(): string {
    return this.model || (this.#index?.info.model.name === 'nano' ? 'nano' : '');
  }

  #leave(): void {
    this.#connection.abort();
    this.#asking.abort();
    this.#index?.close();
    this.#index = null;
    this.#opening = null;
    this.#asked = false;
    this.#notice.reset();
    this.#grid.clear();
  }

  async #connect(): Promise<StaticIndex | null> {
    this.#opening ??= this.#openIndex();
    return this.#opening;
  }

  async #openIndex(): Promise<StaticIndex | null> {
    const { signal } = this.#connection;
    try {
      const { openStaticIndex } = await importing(() => import('../search/static/open-static-index'));
      const places = this.places ? () => this.#readPlaces(signal) : undefined;
      const index = await openStaticIndex(this.src, { signal, embedder: () => this.loadedModel(), places });
      if (signal.aborted) {
        index.close();
        return null;
      }
      this.#index = index;
      const wordless = this.model === 'none' || this.sourceOfModel() === '';
      this.#form.hidden = wordless;
      await this.#tellCost(index, wordless, signal);
      this.tell('vlm2vec-ready', index.info);
      if (this.browse && this.#notice.allowed && !this.#asked) void this.#show(null);
      return index;
    } catch (error) {
      if (!signal.aborted) {
        this.#opening = null;
        this.fail(error);
      }
      return null;
    }
  }

  /** Without the names the words are still searched for, so the search goes on; the page is told. */
  async #readPlaces(signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const folder = new URL(this.places, document.baseURI);
    const isFile = folder.pathname.endsWith('.bin');
    if (!isFile) folder.pathname = `${folder.pathname.replace(/\/*$/, '')}/places.bin`;
    try {
      const { readPlaces } = await importing(() => import('../search/library/read-places'));
      return (await readPlaces(folder))!;
    } catch (error) {
      if (!signal.aborted) this.tell('vlm2vec-error', { error });
      throw error;
    }
  }

  /** Tells the user what a search will download before it does so, and asks if that is a lot. */
  async #tellCost(index: StaticIndex, wordless: boolean, signal: AbortSignal): Promise<void> {
    const { pictures, bytes } = index.info;
    const model = wordless ? 0 : await this.#modelBytes(signal);
    signal.throwIfAborted();
    const download = bytes.search + model;
    const size = sizeInWords(download, this.#language);
    this.say(this.#words.ready(pictures, size));
    this.#notice.ask({
      bytes: download,
      most: this.askAbove * 1e6,
      words: (seconds) => this.#words.large(size, seconds),
      button: this.#words.download(size),
      onAllowed: () => (this.browse ? void this.#show(null) : this.#box.focus()),
    });
  }

  async #modelBytes(signal: AbortSignal): Promise<number> {
    try {
      const { models } = await importing(() => import('../stored/models'));
      const { dtype, hubUrl, accessToken, modelsUrl } = this.modelOptions;
      return (await models.estimate(this.sourceOfModel(), { dtype, hubUrl, accessToken, modelsUrl, signal })).download;
    } catch (error) {
      signal.throwIfAborted();
      this.fail(error); // a missing model is reported now, not with the first search
      return 0;
    }
  }

  async #show(query: SearchQuery | null): Promise<SearchResultsDetail | null> {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const index = await this.#connect(); // then its cost is known
    if (!index || signal.aborted || this.disabled) return null;
    if (!this.#notice.allowed) {
      this.#notice.wait(() => void this.#show(query));
      return null;
    }
    this.say(this.#words.searching);
    this.#grid.list.setAttribute('aria-busy', 'true');
    try {
      const found = query
        ? await index.search({ ...this.#typedIn(), ...query, limit: this.#limit }, { signal })
        : await newest(index, this.#limit, signal);
      const items = await index.items(
        found.hits.map(({ id }) => id),
        { signal },
      );
      const there = items.filter((item) => item !== null);
      this.#last = query;
      this.#grid.show(there, (id) => index.thumbnail(id), query ? found.relevantCount : there.length, this.#words);
      this.#more.hidden = found.candidates <= found.hits.length || found.hits.length < this.#limit;
      this.say(query ? this.#words.found(there.length, found.weak) : this.#words.ready(index.info.pictures, null));
      const detail: SearchResultsDetail = { ...found, query, items: there };
      this.tell('vlm2vec-results', detail);
      return detail;
    } catch (error) {
      if (!signal.aborted) this.fail(error);
      return null;
    } finally {
      if (!signal.aborted) this.#grid.list.removeAttribute('aria-busy');
    }
  }

  #open(item: PhotoItem, event: Event): void {
    this.setValue(item.path);
    const detail: OpenDetail = { item, href: this.#hrefOf(item) };
    if (!this.tell('vlm2vec-open', detail, true)) event.preventDefault();
  }

  #hrefOf({ path }: PhotoItem): string | null {
    if (!this.hasAttribute('originals')) return null;
    const folder = new URL(this.originals || './', document.baseURI).href.replace(/\/*$/, '/');
    return folder + path.split('/').map(encodeURIComponent).join('/');
  }

  /** Dates may be typed in the reader's languages, and in the page's. */
  #typedIn(): Pick<SearchQuery, 'languages'> {
    return this.#language === undefined ? {} : { languages: [...ownLanguages(), this.#language] };
  }

  get #language(): string | undefined {
    return this.closest('[lang]')?.getAttribute('lang') || undefined;
  }

  #label(): void {
    if (!this.#box) return;
    const label = this.getAttribute('label') ?? this.#words.label;
    this.#box.ariaLabel = label;
    this.#box.placeholder = this.getAttribute('placeholder') ?? label;
    this.#submit.textContent = this.#words.button;
    this.#more.textContent = this.#words.more;
    this.#grid.list.ariaLabel = this.#words.results;
  }
}

async function newest(index: StaticIndex, limit: number, signal: AbortSignal): Promise<StaticSearchResult> {
  const ids = await index.list({ signal });
  const hits = Array.from(ids.subarray(0, limit), (id) => ({ id, score: 0, z: 0, pass: 'first' as const }));
  return {
    hits,
    relevantCount: hits.length,
    weak: false,
    candidates: ids.length,
    milliseconds: { embed: 0, score: 0 },
  };
}
