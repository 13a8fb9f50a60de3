/** @file What searches wait for: pictures that the deep model should embed for them, within a time limit. */

export interface WantOptions {
  /** The longest wait. */
  seconds: number;
  signal: AbortSignal;
  /** Called whenever more pictures are done. */
  onProgress?: (done: number, total: number) => void;
}

interface Want {
  ids: readonly number[];
  left: Set<number>;
  onProgress: WantOptions['onProgress'];
  end(): void;
}

export class Wants {
  /** The newest search comes first, since its user is looking at the page. */
  #wants: Want[] = [];

  /**
   * Resolves to how many are left, once there are none, the time is over, or {@link end} is called.
   * @param ids most wanted first
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

  /** Ids that are waited for, most wanted first. */
  *[Symbol.iterator](): Generator<number> {
    for (const { ids, left } of this.#wants) for (const id of ids) if (left.has(id)) yield id;
  }

  get size(): number {
    return this.#wants.length;
  }

  /** Removes what is done. */
  settle(isThrough: (id: number) => boolean): void {
    for (const { ids, left, onProgress, end } of this.#wants) {
      const before = left.size;
      for (const id of left) if (isThrough(id)) left.delete(id);
      if (left.size < before) onProgress?.(ids.length - left.size, ids.length);
      if (left.size === 0) end();
    }
  }

  /** Nothing more will be done: whoever waits continues with what there is. */
  end(): void {
    for (const { end } of this.#wants) end();
  }
}
