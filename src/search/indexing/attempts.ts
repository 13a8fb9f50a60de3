/**
 * @file Records which pictures are in progress, before the work begins, and which of them is the cause when the worker,
 * the model or the page dies. A death shows only that one of those in progress may be the cause, so these are tried
 * alone, and a death then is evidence. A picture with two deaths, one of them alone, has failed. But if there were
 * deaths in which it had no part, something else may have caused them all; then it takes two deaths alone.
 *
 * A page that is closed or reloaded is not a death (it leaves a note: `leaving.ts`), nor is a model that was removed. A
 * page that ended in the background may have been closed to save memory: that makes suspects, but is not evidence.
 */

import type { AttemptRow } from '../library/rows';
import type { AttemptStore } from '../library/storage';

/** Deaths in which a picture must have had a part to count as failed. */
const DEATHS = 2;
/** How many of those must be alone. The second number applies if there were deaths without it. */
const ALONE = [1, 2] as const;
/** Key of the row that counts deaths that no failed picture explains. */
const ALL = '';

/**
 * Which of the pictures in progress may have caused the end of a session, and whether they must have; null if it ended
 * in order. `session` is what {@link Attempts.session} was then.
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

  /** Opens the record, and counts a death for each session that did not end in order. */
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

  /** Identifies this opening. */
  get session(): string {
    return this.#session;
  }

  /** Whether it was in progress at a death, so that it must be tried alone. */
  isSuspect(key: string): boolean {
    return this.#get(key).deaths > 0;
  }

  deathsAlone(key: string): number {
    return this.#get(key).alone;
  }

  /** Whether it must not be tried again. */
  hasFailed(key: string): boolean {
    const { deaths, alone } = this.#get(key);
    const others = Math.max(0, this.#get(ALL).deaths - deaths);
    return deaths >= DEATHS && alone >= ALONE[others > 0 ? 1 : 0];
  }

  /** Resolves once the record says that these are in progress. */
  begin(keys: readonly string[]): Promise<void> {
    return this.#put(keys.map((key) => ({ ...this.#get(key), session: this.#session })));
  }

  /**
   * Something died while these were in progress.
   * @param death identifies the death: several calls may report the same one
   * @param alone whether nothing else was in progress
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

  /** They return to the queue, through no fault of their own. */
  release(keys: readonly string[]): Promise<void> {
    return this.#put(keys.map((key) => ({ ...this.#get(key), session: null })));
  }

  /** A commit has recorded their outcome. That of a failed picture explains its deaths. */
  ended(keys: readonly string[]): void {
    for (const key of keys) {
      const all = this.#get(ALL);
      const explained = this.hasFailed(key) ? this.#get(key).deaths : 0;
      if (explained > 0) this.#rows.set(ALL, { ...all, deaths: Math.max(0, all.deaths - explained) });
      this.#rows.delete(key);
    }
  }

  /** A run has gone through everything, so deaths during it no longer matter. */
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
