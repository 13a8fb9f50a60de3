/** @file The public class: load a model once, embed and rank with it. */

import type { WeightDtype } from './bundle/manifest';
import { InvalidInputError, UnsupportedError } from './errors';
import type { ImageInput } from './image';
import {
  checkEmbedOptions,
  isNode,
  toParts,
  type ActivationsChoice,
  type DeviceChoice,
  type DeviceName,
  type EmbedInput,
  type EmbedOptions,
  type InputParts,
  type InternalOptions,
  type ModelInfo,
  type OnProgress,
  type OrtOptions,
  type ProbePolicy,
} from './runtime';
import type { Backend } from './service';
import { similarity } from './similarity';
import { specify, type ModelSource } from './source-spec';
import { instructions } from './text';

export interface LoadOptions extends OrtOptions {
  /**
   * `auto` takes WebGPU where it reproduces the model's probe, else WASM (Node: the CPU). An explicit device is
   * used or refused, never replaced. @default 'auto'
   */
  device?: DeviceChoice;
  /** Precision of everything between the weights. `auto`: f16 on GPUs where it passes the probe, else f32. */
  activations?: ActivationsChoice;
  /** Weights of a checkpoint that gets converted. A ready bundle has its own; another one is refused. @default 'q8' */
  dtype?: WeightDtype;
  /** The base model of an adapter checkpoint, where the adapter's own note is not to be followed. */
  base?: ModelSource;
  /** An adapter for a base-model checkpoint. */
  adapter?: ModelSource;
  /** Where Hub repositories are read from: a mirror, or a server that answers as the Hub does. @default 'https://huggingface.co' */
  hubUrl?: string | URL;
  /** Sent to `hubUrl` for private and gated repositories. Never stored. */
  accessToken?: string;
  /**
   * When fixed inputs are embedded and compared with what the model gave at conversion. `once`: until they agreed on
   * this device, browser and version. @default 'once'
   */
  probe?: ProbePolicy;
  /** Folder of the built-in models. @default 'models/' beside the page; in Node the package's own */
  modelsUrl?: string | URL;
  /**
   * Browser: the worker to run in (it ends with the model), or a function that starts one; `false` runs in the calling
   * thread, which then stands still while a WASM model computes. @default true: a worker of its own
   */
  worker?: boolean | Worker | (() => Worker);
  signal?: AbortSignal;
  onProgress?: OnProgress;
  /** @internal for tests */
  internal?: InternalOptions;
}

const LOAD_KEYS = new Set([
  'device',
  'activations',
  'dtype',
  'base',
  'adapter',
  'hubUrl',
  'accessToken',
  'probe',
  'modelsUrl',
  'worker',
  'wasmPaths',
  'numThreads',
  'signal',
  'onProgress',
  'internal',
]);

/** A candidate with its score, the cosine with the query. */
export interface Ranked<T> {
  /** Position in the candidates as given. */
  index: number;
  /** −1 to 1. */
  score: number;
  candidate: T;
}

export type RankOptions = Pick<
  EmbedOptions,
  'maxTokens' | 'minPixels' | 'maxPixels' | 'orientation' | 'signal' | 'onProgress'
> & {
  /** In place of the task instruction that fits the query. */
  instruction?: string;
};

/**
 * A loaded model.
 *
 * ```ts
 * const model = await VLM2Vec.load('nano');
 * const ranked = await model.rank({ image: file }, ['a red kite', 'two dogs on a beach']);
 * await model.dispose();
 * ```
 */
export class VLM2Vec {
  readonly #backend: Backend;
  #info: ModelInfo;

  private constructor(backend: Backend, info: ModelInfo) {
    this.#backend = backend;
    this.#info = info;
  }

  /**
   * Loads a model; every weight is verified against its hash before use.
   * @throws SourceNotFoundError, BundleFormatError, IntegrityError for a source that is not there or is damaged
   * @throws CheckpointFormatError, CheckpointMismatchError for a checkpoint that cannot be converted
   * @throws WebGPUUnavailableError, UnsupportedError, InvalidInputError for options that cannot be honoured
   * @throws ProbeError where no allowed device computes the model rightly
   * @throws DOMException `AbortError` (the signal's reason) on abort
   */
  static async load(source: ModelSource, options: LoadOptions = {}): Promise<VLM2Vec> {
    const unknown = Object.keys(options).find((key) => !LOAD_KEYS.has(key));
    if (unknown !== undefined) throw new InvalidInputError(`load has no option '${unknown}'.`, { option: unknown });
    const { worker = !isNode, modelsUrl, base, adapter, hubUrl, signal, onProgress, ...settings } = options;
    signal?.throwIfAborted();
    if (settings.dtype !== undefined && !['fp32', 'fp16', 'q8', 'q4'].includes(settings.dtype)) {
      throw new InvalidInputError(`dtype: '${settings.dtype}' is unknown; use fp32, fp16, q8 or q4.`, { option: 'dtype' });
    }
    const spec = await specify(source, modelsUrl);
    const parts = {
      base: base === undefined ? undefined : await specify(base, modelsUrl),
      adapter: adapter === undefined ? undefined : await specify(adapter, modelsUrl),
    };
    const place = hubUrl === undefined ? {} : { hubUrl: plainUrl(hubUrl) };
    const backend = await startBackend(worker);
    try {
      const info = await backend.load(spec, { ...settings, ...parts, ...place }, { signal, onProgress });
      return new VLM2Vec(backend, info);
    } catch (error) {
      await backend.dispose();
      throw error;
    }
  }

  /** Length of an embedding. */
  get dims(): number {
    return this.#info.dims;
  }

  /** Where the model runs. */
  get device(): DeviceName {
    return this.#info.device;
  }

  /** What was loaded, what was tried, what was decided. */
  get info(): ModelInfo {
    return this.#info;
  }

  /**
   * Embeds texts, images, or both in one sequence; a list shares batches, in any mixture.
   * @returns one unit vector, or for a list one each, in order. // [dims]
   * @throws InvalidInputError for an input with nothing in it, or too long; ImageFormatError, ImageTooLargeError
   * @throws DisposedError after {@link dispose}; DeviceLostError where the GPU failed twice within a minute
   */
  embed(input: EmbedInput, options?: EmbedOptions): Promise<Float32Array>;
  embed(inputs: readonly EmbedInput[], options?: EmbedOptions): Promise<Float32Array[]>;
  async embed(inputs: EmbedInput | readonly EmbedInput[], options: EmbedOptions = {}) {
    checkEmbedOptions(options);
    if (Array.isArray(inputs)) return this.#embed(inputs as readonly EmbedInput[], options);
    const [vector] = await this.#embed([inputs as EmbedInput], options);
    return vector!;
  }

  /**
   * Sorts candidates by how well they fit the query, with the model's training prompts: an image against captions
   * (`Find an image caption …`), a text against images (`Find me an everyday image …`). A query with image and text
   * is used as given.
   */
  async rank<T extends EmbedInput>(
    query: EmbedInput,
    candidates: readonly T[],
    options: RankOptions = {},
  ): Promise<Ranked<T>[]> {
    checkEmbedOptions(options);
    const { instruction, ...rest } = options;
    const asked = withInstruction(toParts(query, 'query'), instruction);
    const offered = candidates.map((candidate, i) => toParts(candidate, `candidates[${i}]`));
    const [first, ...vectors] = await this.#embed([asked, ...offered], rest);
    return vectors
      .map((vector, index) => ({ index, score: similarity(first!, vector), candidate: candidates[index]! }))
      .sort((a, b) => b.score - a.score || a.index - b.index);
  }

  /** Frees all memory. Calls in flight reject with {@link DisposedError}. Twice does no harm. */
  dispose(): Promise<void> {
    return this.#backend.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #embed(inputs: readonly EmbedInput[], options: EmbedOptions): Promise<Float32Array[]> {
    const { signal, onProgress, ...settings } = options;
    signal?.throwIfAborted();
    const parts = await Promise.all(inputs.map((input, i) => portable(toParts(input, `inputs[${i}]`))));
    const { vectors, info } = await this.#backend.embed(parts, settings, { signal, onProgress });
    this.#info = info;
    return vectors;
  }
}

/** A Hub's address without a slash at the end. */
function plainUrl(url: string | URL): string {
  const base = typeof document === 'undefined' ? globalThis.location?.href : document.baseURI;
  if (!URL.canParse(String(url), base)) throw new InvalidInputError(`hubUrl: '${String(url)}' is no URL.`, { option: 'hubUrl' });
  return new URL(url, base).href.replace(/\/+$/, '');
}

/** The query with the instruction of its task. */
function withInstruction(query: InputParts, instruction: string | undefined): InputParts {
  if (instruction !== undefined) return { ...query, instruction };
  if (query.instruction !== undefined) return query;
  if (query.image === undefined) return { ...query, text: textQuery(query.text ?? '') };
  return query.text === undefined ? { ...query, instruction: IMAGE_QUERY } : query;
}

const IMAGE_QUERY = taskInstruction(instructions.MSCOCO_i2t.query);

/** `{image}\nFind …\n` → `Find …`: the prompt composer puts the rest back. */
function taskInstruction(template: string): string {
  return template.replace('{image}', '').trim();
}

function textQuery(text: string): string {
  return instructions.MSCOCO_t2i.query.replace('{text}', () => text);
}

/** Elements of the page cannot be sent to a worker: they become bitmaps. */
async function portable(parts: InputParts): Promise<InputParts> {
  const image = parts.image === undefined ? undefined : await portableImage(parts.image);
  return image === undefined ? parts : { ...parts, image };
}

async function portableImage(image: ImageInput): Promise<ImageInput> {
  if (image instanceof URL) return image.href;
  if (isNode) return image;
  if (typeof image === 'string') return new URL(image, typeof document === 'undefined' ? location.href : document.baseURI).href;
  const isElement =
    (typeof HTMLImageElement !== 'undefined' && image instanceof HTMLImageElement) ||
    (typeof HTMLCanvasElement !== 'undefined' && image instanceof HTMLCanvasElement) ||
    (typeof OffscreenCanvas !== 'undefined' && image instanceof OffscreenCanvas);
  if (!isElement) return image;
  return createImageBitmap(image, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
}

async function startBackend(worker: boolean | Worker | (() => Worker)): Promise<Backend> {
  if (worker === false) {
    const { LocalBackend } = await import('./service');
    return new LocalBackend();
  }
  if (isNode) throw new UnsupportedError('worker: Node runs the model in the calling thread; leave the option out.', { option: 'worker' });
  const { WorkerBackend } = await import('./worker-client');
  if (typeof worker === 'function') return new WorkerBackend(worker());
  if (worker !== true) return new WorkerBackend(worker);
  return new WorkerBackend(new Worker(new URL('../workers/vlm2vec.worker.ts', import.meta.url), { type: 'module' }));
}
