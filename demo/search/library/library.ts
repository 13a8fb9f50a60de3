/**
 * @file The index of the page's model: opened when a model is loaded, closed when another one replaces it, with its
 * errors.
 */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { FolderSource, IndexState, PhotoIndex } from '../../../src/search';
import { ItemCache } from '../data/items';
import { Thumbnails } from '../data/thumbnails';
import { latest } from '../../shell/latest';

/** An open index with what the page remembers about it. */
export interface OpenIndex {
  /** The id of the model; pictures that another model indexed are not in this index. */
  modelId: string;
  index: PhotoIndex;
  thumbnails: Thumbnails;
  items: ItemCache;
}

export class Library {
  readonly #open = signal<OpenIndex | null>(null);
  readonly #state = signal<IndexState | null>(null);
  readonly #error = signal<unknown>(null);
  readonly #opening = signal(false);
  readonly #waiting = signal<readonly FolderSource[]>([]);
  #end: () => void = () => undefined;
  readonly #ask: (sources: readonly FolderSource[]) => Promise<boolean>;
  /** Runs for which the user was already asked. */
  readonly #agreed = new WeakSet<FolderSource>();

  /** @param ask whether to start with folders, once there is an index; the answer may change which index that is */
  constructor(ask: (sources: readonly FolderSource[]) => Promise<boolean> = async () => true) {
    this.#ask = ask;
  }

  get open(): ReadonlySignal<OpenIndex | null> {
    return this.#open;
  }

  /** Null while there is no index. */
  get state(): ReadonlySignal<IndexState | null> {
    return this.#state;
  }

  get opening(): ReadonlySignal<boolean> {
    return this.#opening;
  }

  /** Folders that are added as soon as there is an index. */
  get waiting(): ReadonlySignal<readonly FolderSource[]> {
    return this.#waiting;
  }

  /** The last thing that went wrong; null once it was dismissed or something new was started. */
  get error(): ReadonlySignal<unknown> {
    return this.#error;
  }

  dismissError(): void {
    this.#error.value = null;
  }

  /** Opens the index of a model in place of the previous one. The same model again changes nothing. */
  async use(modelId: string, openIndex: () => Promise<PhotoIndex>): Promise<void> {
    if (this.#open.value?.modelId === modelId) return;
    await this.#use(modelId, openIndex);
  }

  /** Runs something with the index, and shows errors. @returns null if it failed, or there is no index */
  async with<T>(run: (index: PhotoIndex) => Promise<T>): Promise<T | null> {
    const open = this.#open.value;
    return open && this.attempt(() => run(open.index));
  }

  /** Runs something, and shows errors. @returns null if it failed */
  async attempt<T>(run: () => Promise<T>): Promise<T | null> {
    this.#error.value = null;
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) this.#error.value = error;
      return null;
    }
  }

  /** Adds folders and starts indexing them; if there is no index yet, as soon as there is one. */
  async add(sources: readonly FolderSource[]): Promise<void> {
    if (this.#open.value && !sources.every((source) => this.#agreed.has(source))) {
      if (!(await this.#ask(sources))) return;
      for (const source of sources) this.#agreed.add(source);
    }
    if (!this.#open.value) {
      this.#waiting.value = [...this.#waiting.value, ...sources];
      return;
    }
    await this.with(async (index) => {
      for (const source of sources) await index.add(source);
      await index.start();
    });
  }

  readonly #use = latest(
    async (signal, modelId: string, openIndex: () => Promise<PhotoIndex>) => {
      await this.#close();
      this.#error.value = null;
      this.#opening.value = true;
      const index = await openIndex().finally(() => (this.#opening.value = false));
      if (signal.aborted) return index.close();
      this.#show({
        modelId,
        index,
        thumbnails: new Thumbnails((id) => index.thumbnail(id)),
        items: new ItemCache((ids) => index.items(ids)),
      });
    },
    (error) => (this.#error.value = error),
  );

  #show(open: OpenIndex): void {
    let revision = open.index.state.contentRevision;
    this.#state.value = open.index.state;
    this.#open.value = open;
    this.#end = open.index.subscribe((state) => {
      if (state.contentRevision !== revision) open.items.clear();
      revision = state.contentRevision;
      this.#state.value = state;
    });
    const waiting = this.#waiting.value;
    this.#waiting.value = [];
    if (waiting.length > 0) void this.add(waiting);
  }

  async #close(): Promise<void> {
    const open = this.#open.value;
    if (!open) return;
    this.#end();
    this.#open.value = null;
    this.#state.value = null;
    open.thumbnails.close();
    await open.index.close();
  }
}
