/**
 * @file transformers.js' `pipeline('feature-extraction', …)`: the same call, progress events and result for a VLM2Vec.
 * It supports what the model was trained for (pooling of the last token, vectors of unit length) and refuses everything
 * else.
 */

import { expectArgument } from '../arguments';
import { VLM2Vec } from '../embedder';
import { InvalidInputError, UnsupportedError } from '../errors';
import type { ImageInput } from '../image';
import type { LoadOptions } from '../load-options';
import type { EmbedInput, EmbedOptions } from '../runtime';
import type { ModelSource } from '../sources/spec';
import { embedAll, refuseOthers, type Embedder } from './shared';

export type { Embedder };

/** `feature-extraction` takes texts, and pictures with texts; `image-feature-extraction` takes pictures alone. */
export type PipelineTask = 'feature-extraction' | 'image-feature-extraction';

/** Options, named as in transformers.js. Others are refused by name. */
export interface PipelineOptions extends Pick<LoadOptions, 'device' | 'dtype' | 'signal'> {
  /** Called with each event of loading; see `ProgressEvent`. */
  progress_callback?: LoadOptions['onProgress'];
}

/** Options of a {@link FeatureExtractor}. */
export interface ExtractOptions extends Pick<EmbedOptions, 'instruction' | 'role' | 'find' | 'dims' | 'signal'> {
  /** What the model does in any case. @default 'last_token' */
  pooling?: 'last_token';
  /** What the model does in any case. @default true */
  normalize?: true;
}

/** The part of transformers.js' `Tensor` that a result needs. */
export class FeatureTensor {
  /** Type of the numbers. */
  readonly type = 'float32';
  /** Number of inputs, and length of a vector. */
  readonly dims: [number, number];
  /** All vectors, one after another. // [inputs · dims] */
  readonly data: Float32Array;

  /** Copies `vectors`, each of `dims` numbers. @throws InvalidInputError for anything else */
  constructor(vectors: readonly Float32Array[], dims: number) {
    const isDims = Number.isInteger(dims) && dims > 0;
    expectArgument('FeatureTensor', 'dims', dims, 'a whole number above 0', isDims);
    const areVectors = Array.isArray(vectors) && vectors.every((each) => each?.length === dims);
    expectArgument('FeatureTensor', 'vectors', vectors, 'a list of vectors of that length', areVectors);
    this.dims = [vectors.length, dims];
    this.data = new Float32Array(vectors.length * dims);
    vectors.forEach((vector, i) => this.data.set(vector, i * dims));
  }

  /** Total number of numbers. */
  get size(): number {
    return this.data.length;
  }

  /** The vectors as arrays of numbers. // [inputs][dims] */
  tolist(): number[][] {
    const [rows, dims] = this.dims;
    return Array.from({ length: rows }, (_, i) => Array.from(this.data.subarray(i * dims, (i + 1) * dims)));
  }
}

/** The result of {@link pipeline}. */
export interface FeatureExtractor<Input> {
  /**
   * Embeds one input or several.
   * @throws UnsupportedError for unknown options; otherwise the errors of `VLM2Vec.embed`
   */
  (inputs: Input | readonly Input[], options?: ExtractOptions): Promise<FeatureTensor>;
  /** The task that was requested. */
  readonly task: PipelineTask;
  /** The model in use. */
  readonly model: Embedder;
  /** Frees the model. */
  dispose(): Promise<void>;
}

/** A text, or a picture with or without a text. */
export type FeatureInput = string | { text?: string; image?: ImageInput };

const LOADING = ['device', 'dtype', 'signal', 'progress_callback'];
const EXTRACTING = ['instruction', 'role', 'find', 'dims', 'signal', 'pooling', 'pool', 'normalize'];

/**
 * `const extract = await pipeline('feature-extraction', 'nano'); (await extract(['a fox', 'a bus'])).tolist()`. For
 * `image-feature-extraction`, strings are URLs of pictures.
 * @param source a source for `VLM2Vec.load`, or a loaded model
 * @throws UnsupportedError for other tasks and unknown options; otherwise the errors of `VLM2Vec.load`
 */
export function pipeline(
  task: 'feature-extraction',
  source: ModelSource | Embedder,
  options?: PipelineOptions,
): Promise<FeatureExtractor<FeatureInput>>;
export function pipeline(
  task: 'image-feature-extraction',
  source: ModelSource | Embedder,
  options?: PipelineOptions,
): Promise<FeatureExtractor<ImageInput>>;
export async function pipeline(
  task: PipelineTask,
  source: ModelSource | Embedder,
  options: PipelineOptions = {},
): Promise<FeatureExtractor<EmbedInput>> {
  if (task !== 'feature-extraction' && task !== 'image-feature-extraction') {
    throw new UnsupportedError(`The task '${String(task)}' is not supported; VLM2Vec models only embed.`, {
      field: 'task',
    });
  }
  refuseOthers(options, LOADING, 'pipeline');
  const { progress_callback: onProgress, ...load } = options;
  const model = isEmbedder(source) ? source : await VLM2Vec.load(source, { ...load, onProgress });

  const extract = async (inputs: EmbedInput | readonly EmbedInput[], options: ExtractOptions = {}) => {
    checkExtracting(options);
    const { instruction, role, find, dims, signal } = options;
    const all = Array.isArray(inputs) ? (inputs as readonly EmbedInput[]) : [inputs as EmbedInput];
    if (all.length === 0) throw new InvalidInputError('There is nothing to embed.');
    const given = task === 'feature-extraction' ? all : all.map((image) => ({ image: image as ImageInput }));
    const { vectors } = await embedAll(model, given, { instruction, role, find, dims, signal });
    return new FeatureTensor(vectors, dims ?? model.dims);
  };
  const dispose = async () => {
    if (model instanceof VLM2Vec) await model.dispose();
  };
  return Object.assign(extract, { task, model, dispose });
}

function isEmbedder(source: ModelSource | Embedder): source is Embedder {
  return typeof source === 'object' && 'embed' in source && typeof source.embed === 'function';
}

function checkExtracting(options: ExtractOptions & { pool?: unknown }): void {
  refuseOthers(options, EXTRACTING, 'The extractor');
  const { pooling = 'last_token', normalize = true, pool = true } = options;
  if (pooling !== 'last_token') {
    throw new UnsupportedError(`The model pools the last token, not '${String(pooling)}'.`, { field: 'pooling' });
  }
  if (pool !== true) throw new UnsupportedError('The model only gives pooled vectors.', { field: 'pool' });
  if (normalize !== true) {
    throw new UnsupportedError('The model only gives vectors of unit length.', { field: 'normalize' });
  }
}
