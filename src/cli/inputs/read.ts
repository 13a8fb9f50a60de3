/** @file Reads all sources one after another: numbered, counted, in chunks that are the same in every run. */

import { createHash, type Hash } from 'node:crypto';
import { InvalidInputError, VLM2VecError } from '../../errors';
import type { Shard } from '../../eval';
import { isBad, recordError, type AnyRecord, type Source } from './record';

export interface ReadOptions {
  /** A source that breaks off counts as one bad input, and does not end the run. */
  skipBad: boolean;
  signal?: AbortSignal;
}

/** Every record, with its place. */
export async function* readAll(
  sources: readonly Source[],
  { skipBad, signal }: ReadOptions,
): AsyncGenerator<AnyRecord> {
  let number = 0;
  for (const source of sources) {
    try {
      for await (const record of source.read(signal)) {
        signal?.throwIfAborted();
        yield { ...record, number: ++number };
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!skipBad || !(error instanceof VLM2VecError)) throw error;
      const { label: where } = source;
      const message = error.message.startsWith(where) ? error.message.slice(where.length).trimStart() : error.message;
      yield { number: ++number, where, id: where, kept: {}, mark: [where], error: recordError(where, message, error) };
    }
  }
}

/**
 * The i-th of n consecutive parts of the inputs: the outputs of all shards in order are the whole output.
 * @throws InvalidInputError if the number of inputs is not known
 */
export async function shareOf(
  sources: readonly Source[],
  shard: Shard,
  signal?: AbortSignal,
): Promise<[number, number]> {
  let total = 0;
  for (const source of sources) {
    const count = await source.count(signal);
    if (count === null)
      throw new InvalidInputError('--shard needs to know the number of inputs: give a file, not stdin.');
    total += count;
  }
  const { index, count } = shard;
  return [Math.floor((total * index) / count), Math.floor((total * (index + 1)) / count)];
}

/** Records from the `first` (counted from 0) to before `end`. */
export async function* sliceOf<T>(all: AsyncIterable<T>, [first, end]: readonly [number, number]): AsyncGenerator<T> {
  let at = 0;
  if (end <= first) return;
  for await (const each of all) {
    if (at++ < first) continue;
    yield each;
    if (at === end) return;
  }
}

/** A picture takes as much time as many texts, so that a kill always costs about the same. */
const PICTURE_WEIGHT = 8;

export interface ChunkOptions {
  /** Texts in a chunk, or an eighth as many pictures; or, with `exactly`, inputs of any kind. */
  size: number;
  exactly: boolean;
}

/** Records that are embedded together. How they are grouped depends on nothing but the inputs. */
export async function* chunksOf(
  records: AsyncIterator<AnyRecord>,
  { size, exactly }: ChunkOptions,
): AsyncGenerator<AnyRecord[]> {
  let chunk: AnyRecord[] = [];
  let weight = 0;
  for await (const record of { [Symbol.asyncIterator]: () => records }) {
    chunk.push(record);
    weight += exactly || isBad(record) || record.input.image === undefined ? 1 : PICTURE_WEIGHT;
    if (weight < size) continue;
    yield chunk;
    chunk = [];
    weight = 0;
  }
  if (chunk.length > 0) yield chunk;
}

/** One hash of all inputs that were read. */
export class InputsHash {
  readonly #hash: Hash = createHash('sha256');

  add({ mark }: AnyRecord): void {
    for (const part of mark) {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      this.#hash.update(`${bytes.length}\n`).update(bytes);
    }
    this.#hash.update('.');
  }

  value(): string {
    return this.#hash.copy().digest('hex');
  }
}
