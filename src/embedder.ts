/** @file The public class: load a model once, then embed and rank with it. */

import { InvalidInputError, VLM2VecError } from './errors';
import { expectHooks, expectKnown, expectOptions, heard } from './hooks';
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

/** A candidate with its score: the cosine with the query, or MaxSim if there are several vectors per input. */
export interface Ranked<T> {
  /** Position in the list of candidates. */
  index: number;
  /** −1 to 1; for MaxSim, up to the number of the query's vectors. */
  score: number;
  /** The candidate as it was passed in. */
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
  /** Instruction to use instead of the task instruction that fits the query. */
  instruction?: string;
};

/** Options of {@link VLM2Vec.embedQuery} and {@link VLM2Vec.embedDocument}. */
export interface TaskEmbedOptions extends Omit<EmbedOptions, 'role'> {
  /**
   * The MMEB dataset whose prompt is used; `instructions` lists them. Default: the recipe's own prompt for the kind of
   * input.
   */
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
   * @throws SourceNotFoundError, BundleFormatError, IntegrityError for a source that does not exist or is damaged
   * @throws CheckpointFormatError, CheckpointMismatchError for a checkpoint that cannot be converted
   * @throws WebGPUUnavailableError, UnsupportedError, InvalidInputError for options that cannot be honoured
   * @throws ProbeError if no allowed device computes the model correctly
   * @throws DOMException `AbortError` (the signal's reason) on abort
   */
  static async load(source: ModelSource, options: LoadOptions = {}): Promise<VLM2Vec> {
    const { spec, settings, worker, signal, onProgress } = await prepareLoad(source, options);
    const backend = await startBackend(worker);
    try {
      const info = await heard({ signal, onProgress }, (hooks) => backend.load(spec, settings, hooks));
      const model = new VLM2Vec(backend, info);
      if (info.stored) void askToPersist().then((persisted) => (model.#persisted = persisted));
      return model;
    } catch (error) {
      await backend.dispose();
      throw error;
    }
  }

  /**
   * Identifies everything embeddings depend on, in hex: embeddings are comparable if their models have the same `id`. A
   * photo index stores it.
   */
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

  /** What was loaded, which devices and settings were tried, and what was chosen. */
  get info(): ModelInfo {
    return { ...this.#info, persisted: this.#persisted };
  }

  /**
   * Embeds texts, images, or both in one sequence. A list may mix them freely and is processed in shared batches. If
   * the recipe pools all tokens, an embedding is a {@link MultiVector}: write `embed<MultiVector>(…)` to tell
   * TypeScript so.
   * @returns one unit vector, or for a list one per input, in the same order; null for inputs skipped by `onError:
   *   'skip'`. // [dims]
   * @throws InvalidInputError for an input that is empty, too long, or that the recipe has no place for
   * @throws ImageFormatError, ImageTooLargeError
   * @throws DisposedError after {@link dispose}; DeviceLostError if the GPU failed twice within a minute
   */
  embed<V extends Embedding = Float32Array>(input: EmbedInput, options?: EmbedOptions): Promise<V>;
  embed<V extends Embedding = Float32Array>(inputs: readonly EmbedInput[], options?: EmbedOptions): Promise<V[]>;
  /**
   * Embeds with another precision: `int8` takes a quarter of the memory, `binary` a thirty-second. Compare the results
   * with {@link similarity}.
   * @throws InvalidInputError for `binary` if dims is not a multiple of 8, and if the recipe pools all tokens
   */
  embed<P extends Precision>(input: EmbedInput, options: EmbedOptions & { precision: P }): Promise<VectorOf<P>>;
  embed<P extends Precision>(
    inputs: readonly EmbedInput[],
    options: EmbedOptions & { precision: P },
  ): Promise<VectorOf<P>[]>;
  /**
   * For arguments not known to be one input or a list. It comes last, since compilers report mistakes against the last
   * overload.
   */
  embed(inputs: EmbedInput | readonly EmbedInput[], options?: EmbedOptions): Promise<Embedding | Embedding[]>;
  async embed(
    inputs: EmbedInput | readonly EmbedInput[],
    given: EmbedOptions & { precision?: Precision } = {},
  ): Promise<unknown> {
    expectOptions('embed', given);
    const { precision = 'float32', ...options } = given;
    checkEmbedOptions(options, { call: 'embed', also: ['precision'] });
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
   * Embeds queries, that is, what you search with. The recipe words them as in the model's training. With VLM2Vec a
   * text searches for a picture, a picture searches for its caption, and a picture with a text is a question about it;
   * `find` and `task` change that.
   *
   * ```ts
   * const query = await model.embedQuery('two dogs on a beach');
   * const pictures = await model.embedDocument(files);
   * const [scores] = similarity([query], pictures);
   * ```
   * @throws the errors of {@link embed}; InvalidInputError for an unknown task, and for inputs that its prompt has no
   *   place for
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
   * Embeds documents, that is, what you search for. The recipe words them as in the model's training. With VLM2Vec a
   * text is treated as a caption, a picture as a picture, and a text given with a picture as belonging to it.
   * @throws the errors of {@link embedQuery}
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
   * Sorts candidates by how well they fit the query, with the recipe's prompts. VLM2Vec compares an image with captions
   * (`Find an image caption …`) and a text with images (`Find me an everyday image …`); a query with image and text is
   * used as given.
   */
  async rank<T extends EmbedInput>(
    query: EmbedInput,
    candidates: readonly T[],
    options: RankOptions = {},
  ): Promise<Ranked<T>[]> {
    checkEmbedOptions(options, { call: 'rank', without: ['role', 'find', 'prefix', 'onError', 'onSkip'] });
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
   * Loads what {@link load} has postponed: a tower, if it was postponed (`vision`, `text`), and the HEIC decoder (2
   * MB). Afterwards this model fetches nothing, whatever it is given, except pictures that are passed as addresses.
   *
   * ```ts
   * const model = await VLM2Vec.load('nano');
   * await model.prepare(); // from here on the network may go
   * ```
   * @throws the errors of {@link load} if files are unreachable or damaged
   */
  async prepare(options: Pick<EmbedOptions, 'signal' | 'onProgress'> = {}): Promise<void> {
    expectOptions('prepare', options);
    expectKnown('prepare', options, ['signal', 'onProgress']);
    expectHooks(options);
    return heard(options, (hooks) => this.#backend.prepare(hooks));
  }

  /**
   * Measures how fast this device multiplies matrices in the model's number format with ONNX Runtime alone. The model's
   * own speed can be compared with this. It takes a second or two, on slow devices up to ten.
   */
  async matmulRate(options: { signal?: AbortSignal } = {}): Promise<MatmulRate> {
    expectOptions('matmulRate', options);
    expectKnown('matmulRate', options, ['signal']);
    expectHooks(options);
    return this.#backend.matmulRate(options);
  }

  /** Frees all memory. Calls in progress reject with {@link DisposedError}. Calling it twice does no harm. */
  dispose(): Promise<void> {
    return this.#backend.dispose();
  }

  /** Calls {@link dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #embedSide(
    role: Role,
    inputs: EmbedInput | readonly EmbedInput[],
    given: TaskEmbedOptions,
  ): Promise<Embedding | Embedding[]> {
    const call = role === 'query' ? 'embedQuery' : 'embedDocument';
    expectOptions(call, given);
    const { task, ...options } = given;
    checkEmbedOptions(options, { call, without: ['role'], also: ['task'] });
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

  /**
   * The embeddings from the backend, in order; null for skipped inputs. `names` gives the names of the first input and
   * of the others, for messages.
   */
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
    const { vectors, skipped, info, usage } = await heard({ signal, onProgress }, (hooks) =>
      this.#backend.embed(parts, named, { ...hooks, transferPixels }),
    );
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
