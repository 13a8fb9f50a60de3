/** @file The public class: load a model once, embed and rank with it. */

import { InvalidInputError, VLM2VecError } from './errors';
import { expectHooks, expectKnown, expectOptions } from './hooks';
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
  type MatmulRate,
  type ModelInfo,
} from './runtime';
import type { Backend } from './backend/local';
import { portable } from './backend/portable';
import type { Embedding } from './multi-vector';
import type { Role } from './recipes';
import { errorFromWire } from './remote/error-wire';
import { similarity } from './similarity';
import type { ModelSource } from './sources/spec';
import { taskInput } from './text/tasks';
import type { TaskName } from './text';

/** A candidate with its score: the cosine with the query, or with several vectors per input MaxSim. */
export interface Ranked<T> {
  /** Position in the candidates as given. */
  index: number;
  /** −1 to 1; with MaxSim up to the number of the query's vectors. */
  score: number;
  /** As it was given. */
  candidate: T;
}

/** Options of {@link VLM2Vec.rank}. */
export type RankOptions = Pick<
  EmbedOptions,
  | 'maxTokens'
  | 'minPixels'
  | 'maxPixels'
  | 'maxInputPixels'
  | 'numCrops'
  | 'dims'
  | 'orientation'
  | 'signal'
  | 'onProgress'
  | 'onUsage'
> & {
  /** In place of the task instruction that fits the query. */
  instruction?: string;
};

/** Options of {@link VLM2Vec.embedQuery} and {@link VLM2Vec.embedDocument}. */
export interface TaskEmbedOptions extends Omit<EmbedOptions, 'role'> {
  /** One of MMEB's sets, whose prompt is used; `instructions` lists them. Default: the recipe's own, by what the input is made of. */
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

  /** Names what embeddings depend on, in hex: those of models with the same `id` compare. A photo index keeps it. */
  get id(): string {
    return this.#info.id;
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
   * Embeds texts, images, or both in one sequence; a list shares batches, in any mixture. Where the recipe pools all tokens
   * an embedding is a {@link MultiVector}: `embed<MultiVector>(…)` says so to TypeScript.
   * @returns one unit vector, or for a list one each, in order; null for inputs that `onError: 'skip'` left out. // [dims]
   * @throws InvalidInputError for an input with nothing in it, too long, or without a place in the recipe
   * @throws ImageFormatError, ImageTooLargeError
   * @throws DisposedError after {@link dispose}; DeviceLostError where the GPU failed twice within a minute
   */
  embed<V extends Embedding = Float32Array>(input: EmbedInput, options?: EmbedOptions): Promise<V>;
  embed<V extends Embedding = Float32Array>(inputs: readonly EmbedInput[], options?: EmbedOptions): Promise<V[]>;
  /**
   * The same in another precision: `int8` in a quarter of the memory, `binary` in a thirty-second. Compare by
   * {@link similarity}.
   * @throws InvalidInputError for `binary` where dims are no multiple of 8, and where the recipe pools all tokens
   */
  embed<P extends Precision>(input: EmbedInput, options: EmbedOptions & { precision: P }): Promise<VectorOf<P>>;
  embed<P extends Precision>(
    inputs: readonly EmbedInput[],
    options: EmbedOptions & { precision: P },
  ): Promise<VectorOf<P>[]>;
  /** What is not known to be one or many; the last, since it is what compilers hold a mistake against. */
  embed(inputs: EmbedInput | readonly EmbedInput[], options?: EmbedOptions): Promise<Embedding | Embedding[]>;
  async embed(
    inputs: EmbedInput | readonly EmbedInput[],
    given: EmbedOptions & { precision?: Precision } = {},
  ): Promise<unknown> {
    expectOptions('embed', given);
    const { precision = 'float32', ...options } = given;
    checkEmbedOptions(options);
    this.#checkPrecision(precision, options.dims); // refuses what cannot be, before the work
    const list = Array.isArray(inputs) ? (inputs as readonly EmbedInput[]) : [inputs as EmbedInput];
    const embeddings = await this.#embed(list, options);
    const shaped =
      precision === 'float32'
        ? embeddings
        : embeddings.map((vector) => vector && quantizeEmbedding(vector as Float32Array, precision));
    return Array.isArray(inputs) ? shaped : shaped[0]!;
  }

  /**
   * Embeds what is looked for with, worded as in the model's training, by its recipe. With VLM2Vec a text looks for a
   * picture, a picture for its caption, and a picture with a text is a question about it; `find` and `task` change that.
   *
   * ```ts
   * const query = await model.embedQuery('two dogs on a beach');
   * const pictures = await model.embedDocument(files);
   * const [scores] = similarity([query], pictures);
   * ```
   * @throws as {@link embed}; InvalidInputError for an unknown task, and for inputs that its prompt has no place for
   */
  embedQuery<V extends Embedding = Float32Array>(input: EmbedInput, options?: TaskEmbedOptions): Promise<V>;
  embedQuery<V extends Embedding = Float32Array>(
    inputs: readonly EmbedInput[],
    options?: TaskEmbedOptions,
  ): Promise<V[]>;
  embedQuery(inputs: EmbedInput | readonly EmbedInput[], options?: TaskEmbedOptions): Promise<Embedding | Embedding[]>;
  async embedQuery(inputs: EmbedInput | readonly EmbedInput[], options: TaskEmbedOptions = {}): Promise<unknown> {
    return this.#embedSide('query', inputs, options);
  }

  /**
   * Embeds what is looked for, worded as in the model's training, by its recipe. With VLM2Vec a text is a caption, a
   * picture a picture, and a text beside a picture belongs to it.
   * @throws as {@link embedQuery}
   */
  embedDocument<V extends Embedding = Float32Array>(input: EmbedInput, options?: TaskEmbedOptions): Promise<V>;
  embedDocument<V extends Embedding = Float32Array>(
    inputs: readonly EmbedInput[],
    options?: TaskEmbedOptions,
  ): Promise<V[]>;
  embedDocument(
    inputs: EmbedInput | readonly EmbedInput[],
    options?: TaskEmbedOptions,
  ): Promise<Embedding | Embedding[]>;
  async embedDocument(inputs: EmbedInput | readonly EmbedInput[], options: TaskEmbedOptions = {}): Promise<unknown> {
    return this.#embedSide('document', inputs, options);
  }

  /**
   * Sorts candidates by how well they fit the query, with the recipe's prompts. With VLM2Vec: an image against captions
   * (`Find an image caption …`), a text against images (`Find me an everyday image …`); a query with image and text is
   * used as given.
   */
  async rank<T extends EmbedInput>(
    query: EmbedInput,
    candidates: readonly T[],
    options: RankOptions = {},
  ): Promise<Ranked<T>[]> {
    checkEmbedOptions(options);
    const { instruction, ...rest } = options;
    if (!Array.isArray(candidates)) {
      throw new InvalidInputError('rank takes a list of candidates; put a single one into a list.', {
        option: 'candidates',
      });
    }
    const asked = toParts(query, 'query');
    const offered = candidates.map((candidate, i) => toParts(candidate, `candidates[${i}]`));
    const isGiven = this.#info.recipe.isRaw && asked.image !== undefined && asked.text !== undefined;
    const find = offered.length > 0 && offered.every(({ image }) => image !== undefined) ? 'image' : 'text';
    const first: InputParts = { ...asked, instruction: instruction ?? asked.instruction };
    if (!isGiven) first.role ??= 'query';
    const [vector, ...vectors] = await this.#embed([first, ...offered], { ...rest, find }, ['query', 'candidates']);
    return vectors
      .map((other, index) => ({ index, score: similarity(vector!, other!), candidate: candidates[index]! }))
      .sort((a, b) => b.score - a.score || a.index - b.index);
  }

  /**
   * Loads what {@link load} leaves for later: a tower, where it did (`vision`, `text`), and the decoder of HEIC (2 MB).
   * Afterwards this model fetches nothing, whatever it is given, but pictures that are addresses.
   *
   * ```ts
   * const model = await VLM2Vec.load('nano');
   * await model.prepare(); // from here on the network may go
   * ```
   * @throws as {@link load} where files are out of reach or damaged
   */
  async prepare(options: Pick<EmbedOptions, 'signal' | 'onProgress'> = {}): Promise<void> {
    expectOptions('prepare', options);
    expectKnown('prepare', options, ['signal', 'onProgress']);
    expectHooks(options);
    return this.#backend.prepare(options);
  }

  /**
   * Measures how fast this device multiplies matrices in the model's kind of numbers, by ONNX Runtime alone: what its
   * speed can be compared with. Takes a second or two, on slow devices up to ten.
   */
  async matmulRate(options: { signal?: AbortSignal } = {}): Promise<MatmulRate> {
    expectOptions('matmulRate', options);
    expectKnown('matmulRate', options, ['signal']);
    expectHooks(options);
    return this.#backend.matmulRate(options);
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
    role: Role,
    inputs: EmbedInput | readonly EmbedInput[],
    given: TaskEmbedOptions,
  ): Promise<Embedding | Embedding[]> {
    expectOptions('embed', given);
    const { task, ...options } = given;
    checkEmbedOptions(options);
    const { imageToken, recipe } = this.#info;
    if ('instruction' in options && (task !== undefined || recipe.isRaw)) {
      throw new InvalidInputError('A task has its own instruction; to use a different one, call embed.', {
        option: 'instruction',
      });
    }
    if (task !== undefined && !recipe.isRaw) {
      throw new InvalidInputError(`${recipe.title} has no tasks: its prompts are fixed.`, { option: 'task' });
    }
    const worded = (input: EmbedInput, where: string): InputParts => {
      const parts = toParts(input, where);
      if (recipe.isRaw && parts.instruction !== undefined) {
        throw new InvalidInputError(`${where} has its own instruction; use embed for that, or name a task.`);
      }
      if (task === undefined) return { ...parts, role };
      return { ...taskInput(parts, role, { task, imageToken }, where), prefix: parts.prefix };
    };
    if (!Array.isArray(inputs)) {
      const [embedding] = await this.#embed([worded(inputs as EmbedInput, 'input')], options);
      return embedding!;
    }
    const list = inputs as readonly EmbedInput[];
    const parts = list.map((input, i) => worded(input, `inputs[${i}]`));
    return (await this.#embed(parts, options)) as Embedding[];
  }

  /** What the backend gives, in order; null for what was skipped. `names` of the first and of the others, for messages. */
  async #embed(
    inputs: readonly EmbedInput[],
    options: EmbedOptions,
    names?: readonly [first: string, others: string],
  ): Promise<(Embedding | null)[]> {
    const { signal, onProgress, onUsage, onSkip, transferPixels, ...settings } = options;
    signal?.throwIfAborted();
    const whereOf = (i: number) => (names ? (i === 0 ? names[0] : `${names[1]}[${i - 1}]`) : `inputs[${i}]`);
    const sent: { index: number; parts: InputParts }[] = [];
    const skip = (index: number, error: VLM2VecError) => onSkip?.({ index, error });
    for (const [index, input] of inputs.entries()) {
      try {
        sent.push({ index, parts: await portable(toParts(input, whereOf(index)), whereOf(index)) });
      } catch (error) {
        if (settings.onError !== 'skip' || !(error instanceof VLM2VecError)) throw error;
        skip(index, error);
      }
    }
    const parts = sent.map((each) => each.parts);
    const named = { ...settings, names: sent.map(({ index }) => whereOf(index)) };
    const hooks = { signal, onProgress, transferPixels };
    const { vectors, skipped, info, usage } = await this.#backend.embed(parts, named, hooks);
    this.#info = info;
    for (const { index, error } of skipped) skip(sent[index]!.index, errorFromWire(error) as VLM2VecError);
    onUsage?.(usage);
    const embeddings = new Array<Embedding | null>(inputs.length).fill(null);
    vectors.forEach((vector, i) => (embeddings[sent[i]!.index] = vector));
    return embeddings;
  }

  #checkPrecision(precision: Precision, dims = this.dims): void {
    quantizeEmbedding(new Float32Array(dims), precision);
    if (precision !== 'float32' && this.#info.recipe.pooling === 'all') {
      throw new InvalidInputError(
        `precision: '${precision}' only works with one vector per input; this recipe gives several.`,
        {
          option: 'precision',
        },
      );
    }
  }
}
