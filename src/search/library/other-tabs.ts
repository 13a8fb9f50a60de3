/**
 * @file Several tabs with the same index: one holds the lock and writes, the others read, follow its commits, and take
 * over when it ends.
 */

import { lockName } from '../../store/locks';
import type { AlbumChanges } from './albums';
import type { Committed } from './library';

/** A worker that ended keeps its lock for a moment. */
const LOCK_PATIENCE = 10_000;

/** What was committed, or that the index has been replaced. */
export type TabMessage =
  { kind: 'committed'; committed: Committed } | { kind: 'albums'; changes: AlbumChanges } | { kind: 'replaced' };

export class OtherTabs {
  readonly #place: string;
  readonly #signal: AbortSignal;
  readonly #channel: BroadcastChannel;
  #unlock: (() => void) | null = null;
  /** Messages are handled one after another. */
  #following: Promise<void> = Promise.resolve();

  /** @param signal ends the wait for the lock */
  constructor(place: string, follow: (message: TabMessage) => Promise<void>, signal: AbortSignal) {
    this.#place = place;
    this.#signal = signal;
    this.#channel = new BroadcastChannel(place);
    this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
      this.#following = this.#following.then(() => follow(data)).catch(() => undefined);
    };
  }

  /**
   * @param patient wait for the lock of a worker that has just ended
   * @returns whether this tab writes
   */
  async lock(patient: boolean): Promise<boolean> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(patient ? LOCK_PATIENCE : 1)]);
    this.#unlock = await lockName(this.#place, { wait: patient, signal }).catch(() => null);
    return this.#unlock !== null;
  }

  /** Called once no other tab writes, and after all its messages. Nothing happens if this tab is closed first. */
  async takeOver(begin: () => Promise<void>): Promise<void> {
    try {
      this.#unlock = await lockName(this.#place, { wait: true, signal: this.#signal });
    } catch {
      return; // closed meanwhile
    }
    this.#following = this.#following.then(begin);
    await this.#following;
  }

  tell(message: TabMessage): void {
    this.#channel.postMessage(message);
  }

  /** Stops messages in both directions. */
  leave(): void {
    this.#channel.close();
  }

  /** From now on, another tab may write. */
  unlock(): void {
    this.#unlock?.();
  }
}
