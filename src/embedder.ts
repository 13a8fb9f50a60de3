/** @file The public class: load a model once, embed and rank with it. */

import type { ImageInput } from './image';
import { prepareLoad, startBackend, type LoadOptions } from './load-options';
import { askToPersist } from './persist';
import {
  checkEmbedOptions,
  isNode,
  toParts,
  type DeviceName,
  type EmbedInput,
  type EmbedOptions,
  type InputParts,
  type ModelInfo,
} from './runtime';
import type { Backend } from './service';
import { similarity } from './similarity';
import type { ModelSource } from './source-spec';
import { instructions } from './text';

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
  'maxTokens' | 'minPixels' | 'maxPixels' | 'orientation' | 'signal' | 'onProgress' | 'onUsage'
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
  #persisted: boolean | null = null;

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
    const { spec, settings, worker, signal, onProgress } = await prepareLoad(source, options);
    const backend = await startBackend(worker);
    try {
      const info = await backend.load(spec, settings, { signal, onProgress });
      const model = new VLM2Vec(backend, info);
      if (info.stored) void askToPersist().then((persisted) => (model.#persisted = persisted));
      return model;
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
    return { ...this.#info, persisted: this.#persisted };
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
    const { signal, onProgress, onUsage, ...settings } = options;
    signal?.throwIfAborted();
    const parts = await Promise.all(inputs.map((input, i) => portable(toParts(input, `inputs[${i}]`))));
    const { vectors, info, usage } = await this.#backend.embed(parts, settings, { signal, onProgress });
    this.#info = info;
    onUsage?.(usage);
    return vectors;
  }
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
