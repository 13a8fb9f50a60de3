/**
 * @file Thumbnails as addresses for `<img>`. Requested when a cell comes into view and given up when it leaves, so that
 * a fast scroll through 100,000 pictures loads the ones where it stops; recent ones are kept.
 */

/** Gets the address, or null if there is no thumbnail. */
export type ThumbnailListener = (url: string | null) => void;

export interface ThumbnailOptions {
  /** Out of view, but not forgotten. */
  kept?: number;
  /** Loaded at the same time. */
  atOnce?: number;
  /** For tests. */
  urls?: { create(blob: Blob): string; revoke(url: string): void };
}

interface Entry {
  listeners: Set<ThumbnailListener>;
  /** `undefined` before it is loaded. */
  url: string | null | undefined;
}

const BROWSER_URLS = {
  create: (blob: Blob) => URL.createObjectURL(blob),
  revoke: (url: string) => URL.revokeObjectURL(url),
};

export class Thumbnails {
  readonly #load: (id: number) => Promise<Blob>;
  readonly #kept: number;
  readonly #atOnce: number;
  readonly #urls: NonNullable<ThumbnailOptions['urls']>;
  /** In view, or loading. */
  readonly #entries = new Map<number, Entry>();
  /** Out of view, oldest first. */
  readonly #recent = new Map<number, Entry>();
  /** To be loaded, newest first, since that is where the user is looking. */
  #waiting: number[] = [];
  #loading = 0;
  #closed = false;

  constructor(
    load: (id: number) => Promise<Blob>,
    { kept = 500, atOnce = 6, urls = BROWSER_URLS }: ThumbnailOptions = {},
  ) {
    this.#load = load;
    this.#kept = kept;
    this.#atOnce = atOnce;
    this.#urls = urls;
  }

  /** Calls `listener` at once if the thumbnail is known, else when it is. @returns a function that ends it */
  watch(id: number, listener: ThumbnailListener): () => void {
    const entry = this.#entries.get(id) ?? this.#recent.get(id) ?? { listeners: new Set(), url: undefined };
    this.#recent.delete(id);
    if (!this.#entries.has(id)) {
      this.#entries.set(id, entry);
      if (entry.url === undefined) this.#waiting.push(id);
    }
    entry.listeners.add(listener);
    if (entry.url !== undefined) listener(entry.url);
    this.#next();
    return () => {
      entry.listeners.delete(listener);
      if (entry.listeners.size === 0) this.#leave(id, entry);
    };
  }

  /** Undefined if it is not loaded; null if there is none. */
  known(id: number): string | null | undefined {
    return (this.#entries.get(id) ?? this.#recent.get(id))?.url;
  }

  /** Forgets everything. */
  close(): void {
    this.#closed = true;
    for (const { url } of [...this.#entries.values(), ...this.#recent.values()]) if (url) this.#urls.revoke(url);
    this.#entries.clear();
    this.#recent.clear();
    this.#waiting = [];
  }

  #leave(id: number, entry: Entry): void {
    if (this.#entries.get(id) !== entry) return;
    this.#entries.delete(id);
    if (!entry.url) return; // loading ones notice when they arrive; missing ones are asked for again
    this.#recent.set(id, entry);
    for (const [oldest, { url }] of this.#recent) {
      if (this.#recent.size <= this.#kept) break;
      this.#recent.delete(oldest);
      this.#urls.revoke(url!);
    }
  }

  #next(): void {
    while (this.#loading < this.#atOnce) {
      const id = this.#waiting.pop();
      if (id === undefined) return;
      const entry = this.#entries.get(id);
      if (!entry || entry.url !== undefined) continue;
      this.#loading++;
      void this.#load(id)
        .then(
          (blob) => this.#arrive(id, entry, blob),
          () => this.#arrive(id, entry, null),
        )
        .finally(() => {
          this.#loading--;
          this.#next();
        });
    }
  }

  #arrive(id: number, entry: Entry, blob: Blob | null): void {
    if (this.#closed || this.#entries.get(id) !== entry) return; // out of view by now
    entry.url = blob && this.#urls.create(blob);
    for (const listener of entry.listeners) listener(entry.url);
  }
}
