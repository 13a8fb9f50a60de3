/** @file Pictures that the deep model cannot see for now, because their files or folders cannot be read. */

import type { Library } from '../library/library';

export interface UnreadableHost {
  library: Library;
  /** The layer of the deep model. */
  key: string;
  /** Whether files of a folder can be read now. */
  isReady(folderId: number): boolean;
}

export class Unreadable {
  readonly #host: UnreadableHost;
  /** Ids whose files could not be read this time. */
  readonly #ids = new Set<number>();
  #counted = { of: '', count: 0 };

  constructor(host: UnreadableHost) {
    this.#host = host;
  }

  add(id: number): void {
    this.#ids.add(id);
  }

  /** They are tried again. */
  clear(): void {
    this.#ids.clear();
  }

  has({ id, folderId }: { id: number; folderId: number }): boolean {
    return this.#ids.has(id) || !this.#host.isReady(folderId);
  }

  /** How many of them have no outcome yet. Counted anew only if something has changed. */
  count(): number {
    const { library, key, isReady } = this.#host;
    const { catalog, meta } = library;
    const shut = [...catalog.folders.keys()].filter((id) => !isReady(id));
    if (shut.length === 0 && this.#ids.size === 0) return 0;
    const of = [meta.revision, this.#ids.size, ...shut].join();
    if (this.#counted.of !== of) {
      let count = 0;
      for (const { id, folderId } of catalog.files.values()) {
        const row = this.#ids.has(id) || shut.includes(folderId) ? catalog.picture(id) : undefined;
        if (row && !row.deep?.[key]) count++;
      }
      this.#counted = { of, count };
    }
    return this.#counted.count;
  }
}
