/**
 * @file LlamaIndex's `MultiModalEmbedding`. The framework checks with `instanceof` and supplies behaviour of its own,
 * so its class has to be passed in: `llamaIndexEmbedding(MultiModalEmbedding, model)`, from
 * `@llamaindex/core/embeddings`.
 */

import { expectArgument } from '../arguments';
import type { EmbedInput, EmbedOptions } from '../runtime';
import { embedAll, expectModel, querySide, type Embedder } from './shared';

export type { Embedder };

/** Options of {@link llamaIndexEmbedding}. */
export interface LlamaIndexOptions extends Pick<EmbedOptions, 'find' | 'dims' | 'maxTokens' | 'signal'> {
  /** Instruction for texts in the index, instead of the recipe's own. */
  textInstruction?: string;
  /** Instruction for pictures in the index. */
  imageInstruction?: string;
  /** Instruction for queries. */
  queryInstruction?: string;
  /** Number of inputs per call. @default the framework's, 10 */
  embedBatchSize?: number;
}

/** A picture in LlamaIndex's form. */
export type LlamaIndexImage = string | Blob | URL;

/** A query in LlamaIndex's form; other kinds give null. */
export interface LlamaIndexQuery {
  /** `text` or `image_url`. */
  type: string;
  /** The text to search for, if the type is `text`. */
  text?: string;
  /** Address of the picture, if the type is `image_url`. */
  image_url?: { url: string };
}

/**
 * The methods of the framework's class that are implemented. All return unit vectors and reject with the errors of
 * `VLM2Vec.embed`.
 */
export interface LlamaIndexMethods {
  /** Embeds with the recipe's prompts for queries; null for anything that is neither a text nor a picture. // [dims] */
  getQueryEmbedding(query: LlamaIndexQuery): Promise<number[] | null>;
  /** // [dims] */
  getTextEmbedding(text: string): Promise<number[]>;
  /** // [texts, dims] */
  getTextEmbeddings(texts: string[]): Promise<number[][]>;
  /** // [dims] */
  getImageEmbedding(image: LlamaIndexImage): Promise<number[]>;
  /** // [images, dims] */
  getImageEmbeddings(images: LlamaIndexImage[]): Promise<number[][]>;
}

type Base = new () => { embedBatchSize: number; embedInfo?: { dimensions?: number } };

/**
 * An embedding model for LlamaIndex; texts and pictures share one space.
 * @param MultiModalEmbedding the framework's class
 * @throws InvalidInputError for what is not that class, or not a model
 */
export function llamaIndexEmbedding<T>(
  MultiModalEmbedding: { prototype: T },
  model: Embedder,
  options: LlamaIndexOptions = {},
): T & LlamaIndexMethods {
  const isClass = typeof MultiModalEmbedding === 'function';
  expectArgument('llamaIndexEmbedding', 'MultiModalEmbedding', MultiModalEmbedding, "llamaindex's class", isClass);
  expectModel('llamaIndexEmbedding', model, options);
  const { textInstruction, imageInstruction, queryInstruction, embedBatchSize, ...rest } = options;
  const embed = async (inputs: EmbedInput[], side: Pick<EmbedOptions, 'role' | 'instruction'>) => {
    const { vectors } = await embedAll(model, inputs, { ...rest, ...side });
    return vectors.map((vector) => Array.from(vector));
  };

  // The constructor is protected, which only its types know.
  class Embedding extends (MultiModalEmbedding as unknown as Base) implements LlamaIndexMethods {
    constructor() {
      super();
      this.embedInfo = { dimensions: rest.dims ?? model.dims };
      if (embedBatchSize !== undefined) this.embedBatchSize = embedBatchSize;
    }

    getQueryEmbedding = async ({ type, text, image_url }: LlamaIndexQuery) => {
      const input =
        type === 'text' && text !== undefined
          ? { text }
          : type === 'image_url' && image_url
            ? { image: image_url.url }
            : null;
      return input && (await embed([input], querySide(model, queryInstruction)))[0]!;
    };

    getTextEmbedding = async (text: string) => (await this.getTextEmbeddings([text]))[0]!;

    getTextEmbeddings = (texts: string[]) =>
      embed(
        texts.map((text) => ({ text })),
        { role: 'document', instruction: textInstruction },
      );

    getImageEmbedding = async (image: LlamaIndexImage) => (await this.getImageEmbeddings([image]))[0]!;

    getImageEmbeddings = (images: LlamaIndexImage[]) =>
      embed(
        images.map((image) => ({ image })),
        { role: 'document', instruction: imageInstruction },
      );
  }
  return new Embedding() as unknown as T & LlamaIndexMethods;
}
