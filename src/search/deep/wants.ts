/** @file What searches wait for: pictures that the deep model is to embed for them, within a time. */

export interface WantOptions {
  /** Of waiting. */
  seconds: number;
  signal: AbortSignal;
  /** Called whenever more are through. */
  onProgress?: (done: number, total: number) => void;
}

interface Want {
  ids: readonly number[];
  left: Set<number>;
  onProgress: WantOptions['onProgress'];
  end(): void;
}

export class Wants {
  /** The newest search first: its person is looking. */
  #wants: Want[] = [];

  /**
   * Resolves to how many are left: once none is, the time is over, or {@link end} is called.
   * @param ids the most wanted first
   * @throws the signal's reason
   */
  async wait(ids: readonly number[], { seconds, signal, onProgress }: WantOptions): Promise<number> {
    signal.throwIfAborted();
    const left = new Set(ids);
    if (left.size === 0 || seconds <= 0) return left.size;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let abort: (() => void) | undefined;
    const want: Want = { ids, left, onProgress, end: () => undefined };
    try {
      await new Promise<void>((resolve, reject) => {
        want.end = resolve;
        timer = setTimeout(resolve, seconds * 1000);
        abort = () => reject(signal.reason as Error);
        signal.addEventListener('abort', abort);
        this.#wants.unshift(want);
      });
    } finally {
      clearTimeout(timer);
      if (abort) signal.removeEventListener('abort', abort);
      this.#wants = this.#wants.filter((each) => each !== want);
    }
    return left.size;
  }

  /** Ids that are waited for, the most wanted first. */
  *[Symbol.iterator](): Generator<number> {
    for (const { ids, left } of this.#wants) for (const id of ids) if (left.has(id)) yield id;
  }

  get size(): number {
    return this.#wants.length;
  }

  /** Strikes out what is through. */
  settle(isThrough: (id: number) => boolean): void {
    for (const { ids, left, onProgress, end } of this.#wants) {
      const before = left.size;
      for (const id of left) if (isThrough(id)) left.delete(id);
      if (left.size < before) onProgress?.(ids.length - left.size, ids.length);
      if (left.size === 0) end();
    }
  }

  /** Nothing more will come: whoever waits goes on with what there is. */
  end(): void {
    for (const { end } of this.#wants) end();
  }
}
