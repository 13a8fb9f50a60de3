/** @file What the index needs of a model: public types. The model is injected, so that nothing here needs to know how vectors are computed. */

import type { RgbImage, Transparency } from '../../image';
import type { EmbedderInputs } from './passes';

/** What is embedded: a text, a picture, or both in one sequence. */
export interface EmbedderInput {
  /**
   * With a role, the words themselves, which the model's recipe puts into its prompt; without a role, exactly what the
   * model reads.
   */
  text?: string;
  /** A file, or its pixels. `RgbImage` is used only for embedders that set {@link PhotoEmbedder.takesPixels}. */
  image?: Blob | ImageData | RgbImage;
  /**
   * Set for a search that uses the recipe's prompt for queries. Absent for pictures being indexed, and where the caller
   * supplies a template.
   */
  role?: 'query';
  /** The caller's own instruction, for recipes whose prompts have a place for one. */
  instruction?: string;
}

/** The options of `VLM2Vec.embed` that the index uses. */
export interface EmbedderOptions {
  /** Aborts the call, which then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** What queries search for: pictures. */
  find?: 'image';
  /** Pixels may be transferred to a worker instead of being copied, because they are not needed afterwards. */
  transferPixels?: boolean;
}

/** A loaded model that provides everything an index needs to know about it. A `VLM2Vec` is one. */
export interface PhotoModel {
  /** See {@link PhotoEmbedder.id}. */
  readonly id: string;
  /** Length of a vector. */
  readonly dims: number;
  /** The part of `ModelInfo` that the index uses. */
  readonly info: {
    readonly recipe: EmbedderRecipe;
    readonly inputs: EmbedderInputs;
    readonly weights: 'resident' | 'streamed';
    readonly source: { readonly base: { readonly id: string }; readonly adapter: { readonly id: string } | null };
  };
  /** Returns one vector per input, in the same order. // [dims] */
  embed(inputs: readonly EmbedderInput[], options: EmbedderOptions): Promise<Float32Array[]>;
}

/**
 * Turns inputs into unit vectors. Use it where a {@link PhotoModel} is not enough: for a name of your own, or a model
 * that can be restarted.
 */
export interface PhotoEmbedder {
  /**
   * Identifies the model and its precision, like `model.id`; never empty. Pictures embedded under different ids are
   * never compared with each other.
   */
  readonly id: string;
  /** A name to display: what a list of stored indexes calls the model. */
  readonly name?: string;
  /** Length of a vector. */
  readonly dims: number;
  /**
   * Whether pictures to be indexed may be passed as upright pixels (`RgbImage`). These are the pixels from which the
   * thumbnails were made, so each picture is decoded only once. Set it where {@link embed} calls that of a `VLM2Vec`
   * and passes the options on.
   * @default false: they are passed as files
   */
  readonly takesPixels?: boolean;
  /**
   * Where the model's weights are held, as `model.info.weights` reports. With `streamed` weights every call has a high
   * fixed cost, so many pictures are passed in one call, as files.
   * @default 'resident'
   */
  readonly weights?: 'resident' | 'streamed';
  /**
   * How inputs are presented to the model, as `model.info.recipe` reports. Default: as complete prompts, with one
   * vector for each.
   */
  readonly recipe?: EmbedderRecipe;
  /**
   * What an input may consist of, as `model.info.inputs` reports.
   * @default no restriction: words and a picture together, and an instruction
   */
  readonly inputs?: EmbedderInputs;
  /**
   * Returns one vector per input, in the same order. // [dims] If the model is no longer available, the call must
   * reject, and {@link restart} is then called. Reject with a plain `DisposedError` if the model was disposed of
   * deliberately, and with `DeviceLostError`, or any error whose `details.died` is true, if it ended unexpectedly. The
   * latter counts as a failure of the pictures that were in progress.
   */
  embed(inputs: readonly EmbedderInput[], options: EmbedderOptions): Promise<Float32Array[]>;
  /** Loads the model again. Without this method, indexing pauses when the model is no longer available. */
  restart?(): Promise<void>;
}

/** What the index needs to know about a recipe; `ModelInfo.recipe` is one. */
export interface EmbedderRecipe {
  /** A name to display. */
  readonly title: string;
  /** Whether prompts are complete strings, so that the caller can supply a template instead. */
  readonly isRaw: boolean;
  /** `all`: several vectors for each input, which the index cannot store. */
  readonly pooling: 'last' | 'all';
  /** How transparency is handled if {@link PhotoEmbedder.takesPixels} is set. @default 'drop' */
  readonly transparency?: Transparency;
}
