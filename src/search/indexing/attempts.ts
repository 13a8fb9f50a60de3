/**
 * @file Which pictures are being worked on, on record before the work begins, and which of them is the reason when the
 * worker, the model or the page dies. A death shows no more than that one of those in progress may be; so these are tried
 * alone, and a death then is evidence. A picture with two deaths, one of them alone, has failed. But where there were
 * deaths that it had no part in, something else may end them all: then it takes two deaths alone.
 *
 * A page that is closed or reloaded is no death (it leaves a note: `leaving.ts`), nor is a model that was taken away. One
 * that ended in the background may have been ended to save memory: that makes suspects, and is no evidence.
 */

import type { AttemptRow } from '../library/rows';
import type { AttemptStore } from '../library/storage';

/** Deaths that a picture must have had a part in to have failed. */
const DEATHS = 2;
/** Of them alone. The second number: where others died without it. */
const ALONE = [1, 2] as const;
/** Key of the row that counts deaths which no picture has failed for. */
const ALL = '';

/**
 * Which of the pictures that were in progress may have been the reason for the end of a session, and whether nothing else may
 * have been; null where it ended in order. `session` is what {@link Attempts.session} was then.
 */
export type Blame = (keys: readonly string[], session: string) => { keys: readonly string[]; alone: boolean } | null;

export class Attempts {
  readonly #store: AttemptStore;
  readonly #session = crypto.randomUUID();
  readonly #rows: Map<string, AttemptRow>;
  #lastDeath: string | null = null;

  private constructor(store: AttemptStore, rows: readonly AttemptRow[]) {
    this.#store = store;
    this.#rows = new Map(rows.map((row) => [row.key, row]));
  }

  /** Opens the record, and counts the deaths of sessions that did not end in order. */
  static async open(store: AttemptStore, blame: Blame): Promise<Attempts> {
    const attempts = new Attempts(store, await store.loadAttempts());
    const left = new Map<string, string[]>();
    for (const { key, session } of attempts.#rows.values()) {
      if (session !== null) left.set(session, [...(left.get(session) ?? []), key]);
    }
    for (const [session, keys] of left) {
      await attempts.release(keys);
      const blamed = blame(keys, session);
      if (blamed) await attempts.died(blamed.keys, { death: session, alone: blamed.alone });
    }
    return attempts;
  }

  /** Of this opening. */
  get session(): string {
    return this.#session;
  }

  /** Whether it was in progress at a death: then it is to be tried alone. */
  isSuspect(key: string): boolean {
    return this.#get(key).deaths > 0;
  }

  deathsAlone(key: string): number {
    return this.#get(key).alone;
  }

  /** Whether it is not to be tried again. */
  hasFailed(key: string): boolean {
    const { deaths, alone } = this.#get(key);
    const others = Math.max(0, this.#get(ALL).deaths - deaths);
    return deaths >= DEATHS && alone >= ALONE[others > 0 ? 1 : 0];
  }

  /** Resolves once it is on record that these are in progress. */
  begin(keys: readonly string[]): Promise<void> {
    return this.#put(keys.map((key) => ({ ...this.#get(key), session: this.#session })));
  }

  /**
   * Something died while it had these in progress.
   * @param death names it: what is told of it in several calls is one
   * @param alone nothing else was in progress
   */
  died(keys: readonly string[], { death, alone }: { death: string; alone: boolean }): Promise<void> {
    const rows = keys.map((key) => {
      const row = this.#get(key);
      return { ...row, deaths: row.deaths + 1, alone: row.alone + (alone ? 1 : 0), session: null };
    });
    if (death !== this.#lastDeath) rows.push({ ...this.#get(ALL), deaths: this.#get(ALL).deaths + 1, session: null });
    this.#lastDeath = death;
    return this.#put(rows);
  }

  /** They go back into the queue, through no fault of theirs. */
  release(keys: readonly string[]): Promise<void> {
    return this.#put(keys.map((key) => ({ ...this.#get(key), session: null })));
  }

  /** A commit recorded their end. The deaths of one that failed are explained with that. */
  ended(keys: readonly string[]): void {
    for (const key of keys) {
      const all = this.#get(ALL);
      const explained = this.hasFailed(key) ? this.#get(key).deaths : 0;
      if (explained > 0) this.#rows.set(ALL, { ...all, deaths: Math.max(0, all.deaths - explained) });
      this.#rows.delete(key);
    }
  }

  /** A run went through all: what died meanwhile is over. */
  settle(): Promise<void> {
    return this.#put(this.#rows.has(ALL) ? [{ ...this.#get(ALL), deaths: 0 }] : []);
  }

  #get(key: string): AttemptRow {
    return this.#rows.get(key) ?? { key, deaths: 0, alone: 0, session: null };
  }

  async #put(rows: AttemptRow[]): Promise<void> {
    if (rows.length === 0) return;
    for (const row of rows) this.#rows.set(row.key, row);
    await this.#store.putAttempts(rows);
  }
}
