/**
 * @file LlamaIndex's `MultiModalEmbedding`. The framework tests with `instanceof` and brings behaviour along, so its class
 * is handed in: `llamaIndexEmbedding(MultiModalEmbedding, model)`, from `@llamaindex/core/embeddings`.
 */

import type { EmbedInput, EmbedOptions } from '../runtime';
import { embedAll, querySide, type Embedder } from './shared';

export type { Embedder };

/** Of {@link llamaIndexEmbedding}. */
export interface LlamaIndexOptions extends Pick<EmbedOptions, 'find' | 'dims' | 'maxTokens' | 'signal'> {
  /** Of texts of the index, in place of the recipe's own. */
  textInstruction?: string;
  /** Of pictures of the index. */
  imageInstruction?: string;
  /** Of queries. */
  queryInstruction?: string;
  /** Inputs of one call. @default the framework's, 10 */
  embedBatchSize?: number;
}

/** A picture as LlamaIndex has it. */
export type LlamaIndexImage = string | Blob | URL;

/** A query as LlamaIndex has it; other kinds are not looked for. */
export interface LlamaIndexQuery {
  /** `text` or `image_url`. */
  type: string;
  /** What is looked for, of type `text`. */
  text?: string;
  /** Address of the picture, of type `image_url`. */
  image_url?: { url: string };
}

/** What is implemented of the framework's class. All give unit vectors and reject as `VLM2Vec.embed` does. */
export interface LlamaIndexMethods {
  /** By the recipe's prompts for queries; null for what is neither text nor picture. // [dims] */
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
 */
export function llamaIndexEmbedding<T>(
  MultiModalEmbedding: { prototype: T },
  model: Embedder,
  options: LlamaIndexOptions = {},
): T & LlamaIndexMethods {
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
