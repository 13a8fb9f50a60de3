/**
 * @file Shows how far `embed` has got: on a terminal in a line that is rewritten, elsewhere in a new line now and then.
 */

import type { OnProgress } from '../runtime';
import type { Source } from './inputs/record';
import type { ProgressLine } from './progress';

const number = (value: number) => Math.round(value).toLocaleString('en');

export class EmbedProgress {
  readonly #line: ProgressLine;
  readonly #sources: readonly Source[];
  readonly #begun = performance.now();
  /** What was done at the beginning, in inputs and as a fraction of the whole. */
  readonly #before: number;
  readonly #partBefore: number | null;
  #inputs: number;

  /** @param before inputs that an earlier run wrote */
  constructor(line: ProgressLine, sources: readonly Source[], before: number) {
    this.#line = line;
    this.#sources = sources;
    this.#before = this.#inputs = before;
    this.#partBefore = before === 0 ? 0 : this.#part();
  }

  /** Stages that a chunk has passed through, if weights are streamed; otherwise there is nothing to tell. */
  within(count: number): OnProgress {
    return ({ stages }) => {
      if (stages) this.#line.tick(() => this.#say(this.#inputs + (count * stages.done) / stages.total));
    };
  }

  add(count: number): void {
    this.#inputs += count;
    this.#line.tick(() => this.#say(this.#inputs));
  }

  end(): void {
    const seconds = (performance.now() - this.#begun) / 1000;
    const done = this.#inputs - this.#before;
    this.#line.end(`${number(done)} inputs in ${duration(seconds)} (${rate(done / seconds)})`);
  }

  #say(inputs: number): string {
    const seconds = (performance.now() - this.#begun) / 1000;
    const speed = rate((inputs - this.#before) / seconds);
    const part = this.#part();
    if (part === null || this.#partBefore === null) return `Embedding: ${number(inputs)} inputs, ${speed}`;
    const gained = part - this.#partBefore;
    const left = gained > 0 && seconds > 2 ? `, ${duration((seconds * (1 - part)) / gained)} left` : '';
    return `Embedding: ${number(inputs)} inputs, ${(100 * part).toFixed(0)} %, ${speed}${left}`;
  }

  /** The fraction of all sources, each counting the same; null if the end of one is not known. */
  #part(): number | null {
    let sum = 0;
    for (const { progress } of this.#sources) {
      const part = progress();
      if (part === null) return null;
      sum += part;
    }
    return sum / this.#sources.length;
  }
}

const rate = (perSecond: number) => (perSecond >= 10 ? `${number(perSecond)}/s` : `${perSecond.toFixed(2)}/s`);

function duration(seconds: number): string {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
