/** @file The public class: load a model once, embed and rank with it. */

import { InvalidInputError } from './errors';
import { prepareLoad, startBackend, type LoadOptions } from './load-options';
import { askToPersist } from './store/persist';
import { quantizeEmbedding, type Precision, type VectorOf } from './precision';
import {
  checkEmbedOptions,
  toParts,
  type DeviceName,
  type EmbedInput,
  type EmbedOptions,
  type InputParts,
  type ModelInfo,
} from './runtime';
import type { Backend } from './backend/local';
import { portable } from './backend/portable';
import { similarity } from './similarity';
import type { ModelSource } from './sources/spec';
import { taskInput, type Side } from './text/tasks';
import { instructions, type TaskName } from './text';

/** A candidate with its score, the cosine with the query. */
export interface Ranked<T> {
  /** Position in the candidates as given. */
  index: number;
  /** −1 to 1. */
  score: number;
  /** As it was given. */
  candidate: T;
}

/** Options of {@link VLM2Vec.rank}. */
export type RankOptions = Pick<
  EmbedOptions,
  'maxTokens' | 'minPixels' | 'maxPixels' | 'maxInputPixels' | 'orientation' | 'signal' | 'onProgress' | 'onUsage'
> & {
  /** In place of the task instruction that fits the query. */
  instruction?: string;
};

/** Options of {@link VLM2Vec.embedQuery} and {@link VLM2Vec.embedDocument}. */
export interface TaskEmbedOptions extends Omit<EmbedOptions, 'instruction'> {
  /** One of MMEB's sets, whose prompt is used; `instructions` lists them. Default: by what the input is made of. */
  task?: TaskName;
}

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
  /**
   * The same in another precision: `int8` in a quarter of the memory, `binary` in a thirty-second. Compare by
   * {@link similarity}.
   * @throws InvalidInputError for `binary` where dims are no multiple of 8
   */
  embed<P extends Precision>(input: EmbedInput, options: EmbedOptions & { precision: P }): Promise<VectorOf<P>>;
  embed<P extends Precision>(
    inputs: readonly EmbedInput[],
    options: EmbedOptions & { precision: P },
  ): Promise<VectorOf<P>[]>;
  async embed(
    inputs: EmbedInput | readonly EmbedInput[],
    { precision = 'float32', ...options }: EmbedOptions & { precision?: Precision } = {},
  ) {
    checkEmbedOptions(options);
    quantizeEmbedding(new Float32Array(this.dims), precision); // refuses what cannot be, before the work
    const list = Array.isArray(inputs) ? (inputs as readonly EmbedInput[]) : [inputs as EmbedInput];
    const vectors = (await this.#embed(list, options)).map((vector) => quantizeEmbedding(vector, precision));
    return Array.isArray(inputs) ? vectors : vectors[0]!;
  }

  /**
   * Embeds what is looked for with, worded as in the model's training. Without a task a text looks for a picture, a
   * picture for its caption, and a picture with a text is a question about it.
   *
   * ```ts
   * const query = await model.embedQuery('two dogs on a beach');
   * const pictures = await model.embedDocument(files);
   * const [scores] = similarity([query], pictures);
   * ```
   * @throws as {@link embed}; InvalidInputError for an unknown task, and for inputs that its prompt has no place for
   */
  embedQuery(input: EmbedInput, options?: TaskEmbedOptions): Promise<Float32Array>;
  embedQuery(inputs: readonly EmbedInput[], options?: TaskEmbedOptions): Promise<Float32Array[]>;
  async embedQuery(inputs: EmbedInput | readonly EmbedInput[], options: TaskEmbedOptions = {}) {
    return this.#embedSide('query', inputs, options);
  }

  /**
   * Embeds what is looked for, worded as in the model's training. Without a task a text is a caption, a picture a picture,
   * and a text beside a picture belongs to it.
   * @throws as {@link embedQuery}
   */
  embedDocument(input: EmbedInput, options?: TaskEmbedOptions): Promise<Float32Array>;
  embedDocument(inputs: readonly EmbedInput[], options?: TaskEmbedOptions): Promise<Float32Array[]>;
  async embedDocument(inputs: EmbedInput | readonly EmbedInput[], options: TaskEmbedOptions = {}) {
    return this.#embedSide('target', inputs, options);
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

  /** {@link dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #embedSide(
    side: Side,
    inputs: EmbedInput | readonly EmbedInput[],
    { task, ...options }: TaskEmbedOptions,
  ): Promise<Float32Array | Float32Array[]> {
    if ('instruction' in options) {
      throw new InvalidInputError('A task brings its own instruction; use embed with another one.', {
        option: 'instruction',
      });
    }
    checkEmbedOptions(options);
    const { imageToken } = this.#info;
    const worded = (input: EmbedInput, where: string) =>
      taskInput(toParts(input, where), side, { task, imageToken }, where);
    if (Array.isArray(inputs)) {
      const list = inputs as readonly EmbedInput[];
      return this.#embed(
        list.map((input, i) => worded(input, `inputs[${i}]`)),
        options,
      );
    }
    const [vector] = await this.#embed([worded(inputs as EmbedInput, 'input')], options);
    return vector!;
  }

  async #embed(inputs: readonly EmbedInput[], options: EmbedOptions): Promise<Float32Array[]> {
    const { signal, onProgress, onUsage, ...settings } = options;
    signal?.throwIfAborted();
    const parts = await Promise.all(inputs.map((input, i) => portable(toParts(input, `inputs[${i}]`), `inputs[${i}]`)));
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
