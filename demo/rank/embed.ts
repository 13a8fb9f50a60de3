/**
 * @file Embeds what a ranking needs and has not been embedded yet. A picture that cannot be read affects only its own
 * column.
 */
import {
  ImageFormatError,
  ImageTooLargeError,
  similarity,
  type Embedding,
  type EmbedInput,
  type EmbedOptions,
  type EmbedUsage,
  type InputParts,
} from '../../src/index';
import type { Matrix } from './scores';

/** The part of a model that is needed. */
export interface Embedder {
  embed(inputs: readonly EmbedInput[], options?: EmbedOptions): Promise<Embedding[]>;
}

/** One side of a cell. */
export interface Entry {
  /** A key that is equal for the same picture with the same words; null for a blank line. */
  key: string | null;
  input: InputParts;
}

export interface Ranking {
  cosines: Matrix;
  /** The usage of this ranking; inputs embedded earlier cost nothing. */
  usage: EmbedUsage;
  milliseconds: number;
  /** Why an entry has no vector, by its key. */
  failures: Map<string, Error>;
}

const isPictureError = (error: unknown): error is Error =>
  error instanceof ImageFormatError || error instanceof ImageTooLargeError;

/** Options of {@link PairRanker.rank}. */
export interface RankPairsOptions extends Pick<EmbedOptions, 'signal' | 'onProgress'> {
  /** Which side the queries are on: columns, or rows. @default 'pictures' */
  queries?: 'pictures' | 'texts';
}

/** Ranks for one model. Vectors that the last ranking used are kept, the rest are forgotten. */
export class PairRanker {
  readonly #model: Embedder;
  #vectors = new Map<string, Embedding | Error>();

  constructor(model: Embedder) {
    this.#model = model;
  }

  async rank(
    rows: readonly Entry[],
    columns: readonly Entry[],
    { queries = 'pictures', ...options }: RankPairsOptions = {},
  ): Promise<Ranking> {
    const start = performance.now();
    const usage: EmbedUsage = {
      inputs: 0,
      tokens: 0,
      imageTokens: 0,
      milliseconds: { prepare: 0, vision: 0, text: 0 },
    };
    const needed = new Map<string, InputParts>();
    for (const { key, input } of [...rows, ...columns]) if (key !== null) needed.set(key, input);
    const fresh = [...needed].filter(([key]) => !this.#vectors.has(key));
    const found = await this.#embed(fresh, { ...options, onUsage: (part) => addUsage(usage, part) });
    options.signal?.throwIfAborted();

    const known = new Map([...this.#vectors, ...found]);
    this.#vectors = new Map([...needed.keys()].map((key) => [key, known.get(key)!]));
    const vectorOf = ({ key }: Entry) => {
      const vector = key === null ? undefined : known.get(key);
      return vector === undefined || vector instanceof Error ? null : vector;
    };
    const columnVectors = columns.map(vectorOf);
    const cosines = rows.map((row) => {
      const a = vectorOf(row);
      // With several vectors per input the query comes first: MaxSim is not symmetric.
      return columnVectors.map((b) => (a && b ? (queries === 'texts' ? similarity(a, b) : similarity(b, a)) : null));
    });
    const failures = new Map([...this.#vectors].filter((entry): entry is [string, Error] => entry[1] instanceof Error));
    return { cosines, usage, milliseconds: performance.now() - start, failures };
  }

  /** Embeds all in one call, so that they share batches; if a picture is bad, one by one, to find out which. */
  async #embed(fresh: [string, InputParts][], options: EmbedOptions): Promise<[string, Embedding | Error][]> {
    if (fresh.length === 0) return [];
    try {
      const vectors = await this.#model.embed(
        fresh.map(([, input]) => input),
        options,
      );
      return fresh.map(([key], i) => [key, vectors[i]!]);
    } catch (error) {
      if (!isPictureError(error)) throw error;
      if (fresh.length === 1) return [[fresh[0]![0], error]];
    }
    const found: [string, Embedding | Error][] = [];
    for (const one of fresh) found.push(...(await this.#embed([one], options)));
    return found;
  }
}

function addUsage(sum: EmbedUsage, part: EmbedUsage): void {
  sum.inputs += part.inputs;
  sum.tokens += part.tokens;
  sum.imageTokens += part.imageTokens;
  for (const stage of ['prepare', 'vision', 'text'] as const) sum.milliseconds[stage] += part.milliseconds[stage];
}
