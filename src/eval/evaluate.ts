/** @file Runs the evaluation: embeds what is not embedded yet, each unique pair once, and takes P@1. */

import { DatasetFormatError, InvalidInputError, VLM2VecError } from '../errors';
import { expectHooks } from '../hooks';
import type { RgbImage } from '../image';
import type { MmebData } from './dataset';
import type { Regime, RegimeOptions } from './regime';
import { IMAGE_TOKEN, type EvalRows, type Pair } from './rows';
import { bestCandidate } from './score';
import type { MmebSet } from './sets';
import { pairKey, type VectorStore } from './vectors';

/** Inputs embedded in one call, after which vectors are kept: enough to batch, few enough to lose. */
const CHUNK = { texts: 256, images: 8 };

/** The model under test: `VLM2Vec`, or the runtime below it. */
export interface EvalModel {
  dims: number;
  /** What stands for a picture in this model's texts. */
  imageToken: string;
  /** Unit vectors, in order. // [inputs][dims] */
  embed(
    inputs: { text: string; image?: RgbImage }[],
    options: RegimeOptions & { signal?: AbortSignal },
  ): Promise<Float32Array[]>;
}

/** One machine's share of the pairs. */
export interface Shard {
  /** From 0. */
  index: number;
  count: number;
}

export interface EvalProgress {
  set: MmebSet;
  /** Sets finished before this one, and in all. */
  done: number;
  sets: number;
  /** Pairs of this set embedded, and in all. */
  loaded: number;
  total: number;
}

export interface EvaluateOptions {
  data: MmebData;
  model: EvalModel;
  regime: Regime;
  store: VectorStore;
  /** @default those in `data` */
  sets?: readonly MmebSet[];
  /** Only the first queries of each set. */
  limit?: number;
  signal?: AbortSignal;
  onProgress?: (progress: EvalProgress) => void;
  /** After each set. */
  onSet?: (result: SetResult) => void;
}

export interface SetResult {
  set: MmebSet;
  queries: number;
  correct: number;
  /** Unique pairs of text and picture. */
  pairs: number;
  /** For each query the candidate that won. */
  predictions: Uint32Array;
}

/**
 * P@1 of each set.
 * @throws DatasetFormatError for damaged data and for inputs that the model refuses, by set and row
 */
export async function evaluate(options: EvaluateOptions): Promise<SetResult[]> {
  const results: SetResult[] = [];
  for await (const { set, rows, keys } of encodedSets(options, null)) {
    const result = await scoreSet(set, rows, keys, options.store);
    results.push(result);
    options.onSet?.(result);
  }
  return results;
}

/** Embeds one shard's pairs into the store, and scores nothing. Resolves to how many it embedded, and pairs in all. */
export async function encodeShard(options: EvaluateOptions, shard: Shard): Promise<{ encoded: number; pairs: number }> {
  if (!(Number.isInteger(shard.index) && shard.index >= 0 && shard.index < shard.count)) {
    throw new InvalidInputError(`There is no shard ${shard.index + 1} of ${shard.count}.`, { ...shard });
  }
  let encoded = 0;
  const all = new Set<string>();
  for await (const { keys, fresh } of encodedSets(options, shard)) {
    for (const key of keys) all.add(key);
    encoded += fresh;
  }
  return { encoded, pairs: all.size };
}

/** What scoring takes of {@link EvaluateOptions}. */
export type ScoreOptions = Pick<EvaluateOptions, 'data' | 'sets' | 'limit' | 'signal' | 'store'>;

/** P@1 from vectors that are all there. Rejects with {@link SourceNotFoundError} where some are not. */
export async function scoreOnly(options: ScoreOptions): Promise<SetResult[]> {
  const { data, sets = data.sets, limit, signal, store } = options;
  const results: SetResult[] = [];
  for (const set of sets) {
    const rows = await data.rows(set, { limit, signal });
    const keys = await keysOf(rows, data, signal);
    const lacking = keys.filter((key) => !store.has(key)).length;
    if (lacking > 0) {
      throw new InvalidInputError(
        `${set.name}: ${lacking} of ${keys.length} vectors are missing. Is a part missing, or of other data?`,
        { set: set.name, lacking },
      );
    }
    results.push(await scoreSet(set, rows, keys, store));
  }
  return results;
}

interface EncodedSet {
  set: MmebSet;
  rows: EvalRows;
  keys: string[];
  fresh: number;
}

async function* encodedSets(options: EvaluateOptions, shard: Shard | null): AsyncGenerator<EncodedSet> {
  expectHooks(options);
  const { data, sets = data.sets, limit, signal, store, onProgress } = options;
  for (const [done, set] of sets.entries()) {
    signal?.throwIfAborted();
    const rows = await data.rows(set, { limit, signal });
    const keys = await keysOf(rows, data, signal);
    const wanted = keys.flatMap((key, i) => (shard === null || shardOf(key, shard.count) === shard.index ? [i] : []));
    const lacking = wanted.flatMap((i) => (store.has(keys[i]!) ? [] : { key: keys[i]!, pair: rows.pairs[i]! }));
    let loaded = wanted.length - lacking.length;
    const report = () => onProgress?.({ set, done, sets: sets.length, loaded, total: wanted.length });
    report();
    for await (const entries of embedded(lacking, set, options)) {
      await store.add(entries);
      loaded += entries.length;
      report();
    }
    yield { set, rows, keys, fresh: lacking.length };
  }
}

async function keysOf({ pairs }: EvalRows, { pictures }: MmebData, signal?: AbortSignal): Promise<string[]> {
  const keys: string[] = [];
  for (const pair of pairs) keys.push(await pairKey(pair, pictures, signal));
  return keys;
}

/** By its key, so that a pair falls into the same shard whatever set it is met in. */
function shardOf(key: string, count: number): number {
  return parseInt(key.slice(0, 8), 16) % count;
}

interface Lacking {
  key: string;
  pair: Pair;
}

/** Vectors, a chunk at a time; the pictures of the next chunk are decoded while the model is busy with this one. */
async function* embedded(lacking: readonly Lacking[], set: MmebSet, options: EvaluateOptions) {
  const { model, regime, signal } = options;
  const chunks = [
    ...chunked(
      lacking.filter(({ pair }) => pair.image === null),
      CHUNK.texts,
    ),
    ...chunked(
      lacking.filter(({ pair }) => pair.image !== null),
      CHUNK.images,
    ),
  ];
  const prepare = (chunk: readonly Lacking[] | undefined) => {
    const prepared = Promise.all((chunk ?? []).map(({ pair }) => toInput(pair, set, options)));
    prepared.catch(() => undefined); // awaited later, or never where this chunk's own work fails
    return prepared;
  };
  let next = prepare(chunks[0]);
  for (const [i, chunk] of chunks.entries()) {
    signal?.throwIfAborted();
    const inputs = await next;
    next = prepare(chunks[i + 1]);
    const vectors = await model
      .embed(inputs, { ...regime.options, signal })
      .catch((error: unknown) => refused(error, set, `one of ${chunk.map(({ pair }) => nameOf(pair)).join(', ')}`));
    yield chunk.map(({ key }, at) => [key, checked(vectors[at], model.dims)] as const);
  }
}

function chunked<T>(items: readonly T[], length: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / length) }, (_, i) => items.slice(i * length, (i + 1) * length));
}

async function toInput({ text, image }: Pair, set: MmebSet, { data, model, regime, signal }: EvaluateOptions) {
  const prompt = text.replaceAll(IMAGE_TOKEN, model.imageToken);
  if (image === null) return { text: prompt };
  try {
    return { text: prompt, image: await regime.prepare(await data.pictures.read(image, signal), signal) };
  } catch (error) {
    return refused(error, set, image);
  }
}

/** A NaN would make every first candidate win. */
function checked(vector: Float32Array | undefined, dims: number): Float32Array {
  if (vector?.length !== dims || !vector.every(Number.isFinite)) {
    throw new VLM2VecError('The model gave a vector that is not finite, or of another length.', { dims });
  }
  return vector;
}

function nameOf({ text, image }: Pair): string {
  return image ?? JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** Says which set and input an error is about. */
function refused(error: unknown, { name }: MmebSet, what: string): never {
  if (!(error instanceof VLM2VecError)) throw error;
  const list = what.length > 400 ? `${what.slice(0, 400)}…` : what;
  throw new DatasetFormatError(`${name}, ${list}: ${error.message}`, { ...error.details, set: name }, { cause: error });
}

async function scoreSet(
  set: MmebSet,
  { pairs, rows }: EvalRows,
  keys: string[],
  store: VectorStore,
): Promise<SetResult> {
  const vectors: Float32Array[] = [];
  for (const key of keys) vectors.push(await store.get(key));
  const predictions = Uint32Array.from(rows, ({ query, candidates }) =>
    bestCandidate(
      vectors[query]!,
      Array.from(candidates, (number) => vectors[number]!),
    ),
  );
  const correct = predictions.reduce((sum, prediction) => sum + (prediction === 0 ? 1 : 0), 0);
  return { set, queries: rows.length, correct, pairs: pairs.length, predictions };
}
