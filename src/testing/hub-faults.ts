/** @file What goes wrong on a fake server: rules that match requests, a brake, and a barrier (Node only). */

/** Where a rule looks: the listing and model info, the redirects, or the bytes themselves. */
export type FaultPlace = 'api' | 'resolve' | 'bytes';

export type Fault = {
  /** Which files (`org/model/model.safetensors`) or API paths. @default all */
  file?: RegExp;
  /** @default 'bytes' */
  place?: FaultPlace;
  /** How often it strikes. @default Infinity */
  times?: number;
} & (
  | {
      kind: 'cut';
      /** Body bytes that go out before the connection is destroyed, … */
      after?: number;
      /** … or the byte of the file that doesn't come any more. */
      at?: number;
    }
  | { kind: 'corrupt'; /** Byte of the file that comes with its lowest bit turned. */ at: number }
  | { kind: 'status'; status: number; headers?: Record<string, string> }
  | { kind: 'delay'; milliseconds: number }
  /** The answer does not let pages of other sites read it. */
  | { kind: 'closed' }
);

/** A rule in force. */
export interface ActiveFault {
  readonly fault: Fault;
  /** How often it has struck. */
  struck: number;
}

/** All sending stops once so many bytes of files went out. */
export interface Barrier {
  /** Resolves when the server has sent them. */
  reached: Promise<void>;
  /** Lets everything go on. */
  lift(): void;
}

const PIECE = 64 * 1024;

export class HubFaults {
  /** Bytes per second of all answers together. @default Infinity */
  bytesPerSecond = Infinity;
  readonly #active: ActiveFault[] = [];
  #barrier: { left: number; arrive: () => void; lifted: Promise<void>; lift: () => void } | null = null;
  #freeAt = 0;

  inject(fault: Fault): ActiveFault {
    const active = { fault, struck: 0 };
    this.#active.push(active);
    return active;
  }

  /** No more faults, no brake, no barrier. */
  clear(): void {
    this.#active.length = 0;
    this.bytesPerSecond = Infinity;
    this.#barrier?.lift();
    this.#barrier = null;
  }

  /** After `bytes` more bytes of files nothing is sent until the barrier is lifted. One at a time. */
  stopAfter(bytes: number): Barrier {
    this.#barrier?.lift();
    const reached = signal();
    const lifted = signal();
    const barrier = { left: Math.ceil(bytes), arrive: reached.resolve, lifted: lifted.promise, lift: lifted.resolve };
    this.#barrier = barrier;
    return {
      reached: reached.promise,
      lift: () => {
        barrier.lift();
        if (this.#barrier === barrier) this.#barrier = null;
      },
    };
  }

  /** Bytes `start` to `end` of a file are sent: where the connection is to be cut, the first such place. */
  cutWithin(file: string, start: number, end: number): number | null {
    let first: { active: ActiveFault; stop: number } | null = null;
    for (const { active, fault } of this.#matching('cut', 'bytes', file)) {
      const stop = fault.at ?? start + (fault.after ?? 0);
      if (stop >= start && stop < end && stop < (first?.stop ?? Infinity)) first = { active, stop };
    }
    if (first) first.active.struck++;
    return first?.stop ?? null;
  }

  /** Bytes of the file between `start` and `end` that are to come out wrong. */
  wrongWithin(file: string, start: number, end: number): number[] {
    const wrong: number[] = [];
    for (const { active, fault } of this.#matching('corrupt', 'bytes', file)) {
      if (fault.at < start || fault.at >= end) continue;
      active.struck++;
      wrong.push(fault.at);
    }
    return wrong;
  }

  /** The first fault of a kind that strikes this request. */
  strike<K extends Fault['kind']>(kind: K, place: FaultPlace, file: string): Extract<Fault, { kind: K }> | null {
    const [hit] = this.#matching(kind, place, file);
    if (hit) hit.active.struck++;
    return hit?.fault ?? null;
  }

  /** Waits until up to `wanted` bytes may be sent, and says how many. */
  async allow(wanted: number): Promise<number> {
    while (this.#barrier && this.#barrier.left <= 0) await this.#barrier.lifted;
    const count = Math.min(wanted, PIECE, this.#barrier?.left ?? PIECE);
    if (this.#barrier) {
      this.#barrier.left -= count;
      if (this.#barrier.left <= 0) this.#barrier.arrive();
    }
    if (this.bytesPerSecond < Infinity) {
      const now = performance.now();
      const at = Math.max(now, this.#freeAt);
      this.#freeAt = at + (1000 * count) / this.bytesPerSecond;
      if (at > now) await pause(at - now);
    }
    return count;
  }

  #matching<K extends Fault['kind']>(kind: K, place: FaultPlace, file: string) {
    const found: { active: ActiveFault; fault: Extract<Fault, { kind: K }> }[] = [];
    for (const active of this.#active) {
      const { fault, struck } = active;
      if (fault.kind !== kind || (fault.place ?? 'bytes') !== place || struck >= (fault.times ?? Infinity)) continue;
      if (!fault.file || fault.file.test(file)) found.push({ active, fault: fault as Extract<Fault, { kind: K }> });
    }
    return found;
  }
}

function signal(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
