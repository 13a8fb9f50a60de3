/**
 * @file Embeds the contents of a benchmark's datasets into a store, each unique pair once, either all of them or a
 * share.
 */

import { DatasetFormatError, InvalidInputError, VLM2VecError } from '../errors';
import { expectHooks } from '../hooks';
import type { RgbImage } from '../image';
import type { Pictures } from './pictures';
import type { Regime, RegimeOptions } from './regime';
import { IMAGE_TOKEN, type Pair } from './rows';
import { pairKey, type VectorStore } from './vectors';

/**
 * Inputs embedded in one call, after which vectors are stored: enough for batching, but few enough that losing them
 * costs little.
 */
const CHUNK = { texts: 256, images: 8 };

/** A dataset of a benchmark, identified by its name. */
export interface NamedSet {
  name: string;
}

export interface RowOptions {
  /** Only the first queries. */
  limit?: number;
  signal?: AbortSignal;
}

/** Datasets of one kind, and what has to be embedded for each. */
export interface EvalData<
  S extends NamedSet = NamedSet,
  R extends { pairs: readonly Pair[] } = { pairs: readonly Pair[] },
> {
  /** For reports: the folder's or repository's name. */
  readonly label: string;
  /** The commit on the Hub, if any. */
  readonly revision: string | null;
  /** The datasets that are available, in the order of reports. */
  readonly sets: readonly S[];
  /** Rejects with {@link DatasetFormatError}. */
  rows(set: S, options?: RowOptions): Promise<R>;
  readonly pictures: Pictures;
}

/** What the model is given of a pair. */
export interface EvalInput {
  text: string;
  image?: RgbImage;
  /** Instruction, for recipes that take one. */
  instruction?: string;
}

/** The model being evaluated: a `VLM2Vec`, or the runtime below it. */
export interface EvalModel {
  dims: number;
  /** The token that stands for a picture in this model's texts. */
  imageToken: string;
  /** Returns unit vectors, in order. // [inputs][dims] */
  embed(inputs: EvalInput[], options: RegimeOptions & { signal?: AbortSignal }): Promise<Float32Array[]>;
}

/** One machine's share of the pairs. */
export interface Shard {
  /** Number of this share, from 0. */
  index: number;
  count: number;
}

export interface EvalProgress {
  set: NamedSet;
  /** Number of datasets finished before this one, and in total. */
  done: number;
  sets: number;
  /** Number of pairs of this dataset that are embedded, and in total. */
  loaded: number;
  total: number;
}

/** What scoring needs: data, and stored vectors. */
export interface ScoreOptions<S extends NamedSet, R extends { pairs: readonly Pair[] }> {
  data: EvalData<S, R>;
  store: VectorStore;
  /** @default those in `data` */
  sets?: readonly S[];
  /** Only the first queries of each set. */
  limit?: number;
  signal?: AbortSignal;
}

export interface EncodeOptions<S extends NamedSet, R extends { pairs: readonly Pair[] }> extends ScoreOptions<S, R> {
  model: EvalModel;
  regime: Regime;
  onProgress?: (progress: EvalProgress) => void;
}

/** A dataset whose vectors, or those of a shard, are all in the store. */
export interface EncodedSet<S, R> {
  set: S;
  rows: R;
  /** Keys of `rows.pairs`. */
  keys: string[];
}

/**
 * Embeds the pairs of one shard into the store without scoring. Resolves to the number of pairs it embedded and the
 * total number.
 */
export async function encodeShard<S extends NamedSet, R extends { pairs: readonly Pair[] }>(
  options: EncodeOptions<S, R>,
  shard: Shard,
): Promise<{ encoded: number; pairs: number }> {
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

/**
 * Sets whose vectors are all in the store: nothing is embedded.
 * @throws InvalidInputError if some are not
 */
export async function* storedSets<S extends NamedSet, R extends { pairs: readonly Pair[] }>({
  data,
  sets = data.sets,
  limit,
  signal,
  store,
}: ScoreOptions<S, R>): AsyncGenerator<EncodedSet<S, R>> {
  for (const set of sets) {
    const rows = await data.rows(set, { limit, signal });
    const keys = await keysOf(rows.pairs, data.pictures, signal);
    const lacking = keys.filter((key) => !store.has(key)).length;
    if (lacking > 0) {
      throw new InvalidInputError(
        `${set.name}: ${lacking} of ${keys.length} vectors are missing. Is a part missing, or was it made from other data?`,
        { set: set.name, lacking },
      );
    }
    yield { set, rows, keys };
  }
}

/** Returns the vectors of `keys`, in order. // [keys][dims] */
export async function vectorsOf(keys: readonly string[], store: VectorStore): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const key of keys) vectors.push(await store.get(key));
  return vectors;
}

/** Embeds what the store lacks, set by set. */
export async function* encodedSets<S extends NamedSet, R extends { pairs: readonly Pair[] }>(
  options: EncodeOptions<S, R>,
  shard: Shard | null,
): AsyncGenerator<EncodedSet<S, R> & { fresh: number }> {
  expectHooks(options);
  const { data, sets = data.sets, limit, signal, store, onProgress } = options;
  for (const [done, set] of sets.entries()) {
    signal?.throwIfAborted();
    const rows = await data.rows(set, { limit, signal });
    const keys = await keysOf(rows.pairs, data.pictures, signal);
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

async function keysOf(pairs: readonly Pair[], pictures: Pictures, signal?: AbortSignal): Promise<string[]> {
  const keys: string[] = [];
  for (const pair of pairs) keys.push(await pairKey(pair, pictures, signal));
  return keys;
}

/** The shard is determined by the key, so that a pair falls into the same shard whichever dataset it occurs in. */
function shardOf(key: string, count: number): number {
  return parseInt(key.slice(0, 8), 16) % count;
}

interface Lacking {
  key: string;
  pair: Pair;
}

type Embedding = Pick<EncodeOptions<never, never>, 'model' | 'regime' | 'signal'> & { data: { pictures: Pictures } };

/**
 * Yields vectors, one chunk at a time; the pictures of the next chunk are decoded while the model is busy with this
 * one.
 */
async function* embedded(lacking: readonly Lacking[], set: NamedSet, options: Embedding) {
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
    prepared.catch(() => undefined); // awaited later, or never, if this chunk's own work fails
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

async function toInput(
  { text, image, instruction }: Pair,
  set: NamedSet,
  { data, model, regime, signal }: Embedding,
): Promise<EvalInput> {
  const asked = instruction === undefined ? {} : { instruction };
  const prompt = text.replaceAll(IMAGE_TOKEN, model.imageToken);
  if (image === null) return { text: prompt, ...asked };
  try {
    return { text: prompt, ...asked, image: await regime.prepare(await data.pictures.read(image, signal), signal) };
  } catch (error) {
    return refused(error, set, image);
  }
}

/** A NaN would make every first candidate win. */
function checked(vector: Float32Array | undefined, dims: number): Float32Array {
  if (vector?.length !== dims || !vector.every(Number.isFinite)) {
    throw new VLM2VecError('The model gave a vector that is not finite or has a different length.', { dims });
  }
  return vector;
}

function nameOf({ text, image }: Pair): string {
  return image ?? JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** Adds to an error which dataset and input it concerns. */
function refused(error: unknown, { name }: NamedSet, what: string): never {
  if (!(error instanceof VLM2VecError)) throw error;
  const list = what.length > 400 ? `${what.slice(0, 400)}…` : what;
  throw new DatasetFormatError(`${name}, ${list}: ${error.message}`, { ...error.details, set: name }, { cause: error });
}
