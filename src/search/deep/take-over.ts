/** @file Takes over vectors that other indexes have of the same bytes: all of them, without the model. */

import type { DeepAddition } from '../library/appends';
import type { Library } from '../library/library';
import type { PictureRow } from '../library/rows';
import type { Elsewhere } from './elsewhere';

/** Vectors taken over in one commit. */
const AT_ONCE = 256;

export interface TakeOverHost {
  library: Library;
  /** Null until the search for it has ended. */
  elsewhere(): Elsewhere | null;
  /** Pictures without a vector. */
  open(): Iterable<PictureRow>;
  /** Whether one of them still has none, and nothing else is processing it. */
  isOpen(row: PictureRow): boolean;
  /** False ends it. */
  isOn(): boolean;
  commit(found: readonly DeepAddition[]): Promise<void>;
  onError(error: Error): void;
}

export class TakeOver {
  readonly #host: TakeOverHost;
  #running: Promise<void> | null = null;
  /** The state of the library that it was last begun for. */
  #begunAt = '';

  constructor(host: TakeOverHost) {
    this.#host = host;
  }

  /** Begins, once for each state of the library. */
  begin(): void {
    const { library, elsewhere, onError } = this.#host;
    const others = elsewhere();
    const at = `${library.contentRevision} ${others !== null}`;
    if (this.#begunAt === at || !others || others.size === 0) return;
    this.#begunAt = at;
    const before = this.#running;
    this.#running = (async () => {
      await before;
      await this.#take(others);
    })().catch((error: unknown) => onError(error as Error));
  }

  async settled(): Promise<void> {
    await this.#running;
  }

  async #take(others: Elsewhere): Promise<void> {
    const { open, isOpen, isOn, commit } = this.#host;
    let found: DeepAddition[] = [];
    for (const row of [...open()]) {
      if (!isOn()) return void (this.#begunAt = '');
      const record = isOpen(row) ? await others.record(row.hash) : null;
      if (record) found.push({ id: row.id, hash: row.hash, record });
      if (found.length < AT_ONCE) continue;
      await commit(found);
      found = [];
    }
    if (found.length > 0) await commit(found);
  }
}
