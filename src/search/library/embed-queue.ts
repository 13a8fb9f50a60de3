/**
 * @file Decides whose turn it is at the models of an index. They share one processor, so there is one order for all: a
 * search's words, then the pictures that it wants embedded, then all others.
 */

/** 0: the words of a search; 1: pictures that a search waits for; 2: those in the background. */
export type Rank = 0 | 1 | 2;

export class EmbedQueue {
  readonly #held = [0, 0];
  #waiting: (() => void)[] = [];

  /** Until the returned function is called, everyone with a lower priority than `rank` waits. */
  hold(rank: 0 | 1): () => void {
    this.#held[rank]!++;
    let held = true;
    return () => {
      if (held) this.#held[rank]!--;
      held = false;
      this.#wake();
    };
  }

  /** Resolves once nobody takes precedence, or it is stopped. */
  async turn(rank: 1 | 2, stop: AbortSignal): Promise<void> {
    const wake = () => this.#wake();
    stop.addEventListener('abort', wake);
    while (this.#held.slice(0, rank).some((count) => count > 0) && !stop.aborted) {
      await new Promise<void>((go) => this.#waiting.push(go));
    }
    stop.removeEventListener('abort', wake);
  }

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}
