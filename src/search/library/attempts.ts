/**
 * @file Which pictures are being worked on, on record before the work begins: a picture during which the worker, the
 * model or the page dies a second time is not tried a third. A page that is closed or reloaded is no death: it leaves a
 * note on its way out.
 */

import { loadAttempts, putAttempts, type Database } from './database';
import type { AttemptRow } from './rows';

/** With so many deaths a picture has failed. */
export const MAX_DEATHS = 2;

export class Attempts {
  readonly #database: Database;
  readonly #session = crypto.randomUUID();
  readonly #rows: Map<string, AttemptRow>;

  private constructor(database: Database, rows: readonly AttemptRow[]) {
    this.#database = database;
    this.#rows = new Map(rows.map((row) => [row.key, row]));
  }

  /**
   * @param blame whether a picture that was in work may have been the reason for the end of that session; `session` is
   *   what {@link session} was then
   */
  static async open(database: Database, blame: (key: string, session: string) => boolean): Promise<Attempts> {
    const rows = (await loadAttempts(database)).map((row) => {
      if (row.session === null) return row;
      return { ...row, deaths: row.deaths + (blame(row.key, row.session) ? 1 : 0), session: null };
    });
    await putAttempts(database, rows);
    return new Attempts(database, rows);
  }

  /** Of this opening. */
  get session(): string {
    return this.#session;
  }

  deaths(key: string): number {
    return this.#rows.get(key)?.deaths ?? 0;
  }

  /** Resolves once it is on record that these are in work. */
  begin(keys: readonly string[]): Promise<void> {
    return this.#put(keys.map((key) => ({ key, deaths: this.deaths(key), session: this.#session })));
  }

  /** The model died while it had these in work. */
  died(keys: readonly string[]): Promise<void> {
    return this.#put(keys.map((key) => ({ key, deaths: this.deaths(key) + 1, session: null })));
  }

  /** They go back into the queue, through no fault of theirs. */
  release(keys: readonly string[]): Promise<void> {
    return this.#put(keys.map((key) => ({ key, deaths: this.deaths(key), session: null })));
  }

  /** A commit recorded their end. */
  ended(keys: readonly string[]): void {
    for (const key of keys) this.#rows.delete(key);
  }

  async #put(rows: AttemptRow[]): Promise<void> {
    if (rows.length === 0) return;
    for (const row of rows) this.#rows.set(row.key, row);
    await putAttempts(this.#database, rows);
  }
}
