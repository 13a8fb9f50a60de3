/** @file Gathers outcomes into few commits: each costs two flushes and a transaction, whatever its size. */

import type { Attempts } from './attempts';
import type { Addition, Committed, Library } from '../library/library';
import type { FileRow } from '../library/rows';

const MOST = 64;
/** Results appear at least this often, in milliseconds. */
const LATEST = 500;

export interface Outcome {
  key: string;
  addition: Addition;
  /** Another row that this one replaces. */
  replaces?: number;
}

export class Committer {
  readonly #library: Library;
  readonly #attempts: Attempts;
  readonly #onCommit: (committed: Committed, outcomes: readonly Outcome[]) => void;
  #waiting: Outcome[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> = Promise.resolve();
  #error: { cause: unknown } | null = null;

  constructor(
    library: Library,
    attempts: Attempts,
    onCommit: (committed: Committed, outcomes: readonly Outcome[]) => void,
  ) {
    this.#library = library;
    this.#attempts = attempts;
    this.#onCommit = onCommit;
  }

  /** Will be committed soon. @throws whatever the last commit failed with */
  add(outcome: Outcome): void {
    if (this.#error) throw this.#error.cause;
    this.#waiting.push(outcome);
    if (this.#waiting.length >= MOST) this.#begin();
    else this.#timer ??= setTimeout(() => this.#begin(), LATEST);
  }

  /** Resolves once everything is committed. @throws StorageFullError and whatever else a commit failed with */
  async finish(): Promise<void> {
    this.#begin();
    await this.#running;
    if (this.#error) throw this.#error.cause;
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const outcomes = this.#waiting;
    if (outcomes.length === 0) return;
    this.#waiting = [];
    this.#running = this.#running.then(() => this.#commit(outcomes));
  }

  async #commit(outcomes: readonly Outcome[]): Promise<void> {
    if (this.#error) return;
    try {
      const keys = outcomes.map(({ key }) => key);
      const committed = await this.#library.commit({
        add: outcomes.map(({ addition }) => addition),
        remove: outcomes.flatMap(({ replaces }) => replaces ?? []),
        ended: keys,
      });
      this.#attempts.ended(keys);
      this.#onCommit(committed, outcomes);
    } catch (cause) {
      this.#error = { cause };
    }
  }
}

/** The kind of an outcome, for counting. */
export function rowOf({ addition }: Outcome): Pick<FileRow, 'kind'> {
  return addition.row;
}
