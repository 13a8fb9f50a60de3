/** @file Which passes the caller has started, and the calls that begin them: a worker that takes over continues these. */

import type { Pass } from '../types';

export class Runs {
  /** Passes that have begun and neither ended nor been stopped by the caller. */
  readonly #wanted = new Set<Pass>();
  /** Calls that begin a run, until the state shows that it is in progress. */
  readonly #beginning = new Map<Pass, Promise<void>>();
  /** Those of them that the worker has not answered: states it reported earlier say nothing about them. */
  readonly #unanswered = new Set<Pass>();

  isWanted(pass: Pass): boolean {
    return this.#wanted.has(pass);
  }

  /**
   * @param call asks the worker for it
   * @param refresh takes over the state that shows it
   */
  begin(pass: Pass, call: () => Promise<void>, refresh: () => Promise<void>): Promise<void> {
    this.#wanted.add(pass);
    this.#unanswered.add(pass);
    const begun: Promise<void> = call()
      .finally(() => this.#unanswered.delete(pass))
      .then(refresh)
      .finally(() => {
        if (this.#beginning.get(pass) === begun) this.#beginning.delete(pass);
      });
    this.#beginning.set(pass, begun);
    return begun;
  }

  /** Waits for the calls under way that begin this pass; for the deep one, those of both. */
  async begun(pass: Pass): Promise<void> {
    for (const [which, begun] of [...this.#beginning]) if (which === pass || pass === 'deep') await begun;
  }

  stop(pass: Pass): void {
    this.#wanted.delete(pass);
  }

  /** The state shows no run of this pass. Returns whether one has ended by that. */
  ended(pass: Pass): boolean {
    return !this.#unanswered.has(pass) && this.#wanted.delete(pass);
  }
}
