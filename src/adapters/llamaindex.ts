/**
 * @file LlamaIndex's `MultiModalEmbedding`. The framework tests with `instanceof` and brings behaviour along, so its class
 * is handed in: `llamaIndexEmbedding(MultiModalEmbedding, model)`, from `@llamaindex/core/embeddings`.
 */

import type { EmbedInput, EmbedOptions } from '../runtime';
import type { Embedder } from './shared';

export type { Embedder };

/** Of {@link llamaIndexEmbedding}. */
export interface LlamaIndexOptions extends Pick<EmbedOptions, 'maxTokens' | 'signal'> {
  /** Put before each text, as in the model's training data. @default none */
  textInstruction?: string;
  /** Put beside each picture. @default MMEB's: 'Represent the given image.' */
  imageInstruction?: string;
  /** Inputs of one call. @default the framework's, 10 */
  embedBatchSize?: number;
}

/** A picture as LlamaIndex has it. */
export type LlamaIndexImage = string | Blob | URL;

/** What is implemented of the framework's class. All give unit vectors and reject as `VLM2Vec.embed` does. */
export interface LlamaIndexMethods {
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
  const { textInstruction, imageInstruction = 'Represent the given image.', embedBatchSize, ...rest } = options;
  const embed = async (inputs: EmbedInput[], instruction?: string) =>
    (await model.embed(inputs, { ...rest, instruction })).map((vector) => Array.from(vector));

  // The constructor is protected, which only its types know.
  class Embedding extends (MultiModalEmbedding as unknown as Base) implements LlamaIndexMethods {
    constructor() {
      super();
      this.embedInfo = { dimensions: model.dims };
      if (embedBatchSize !== undefined) this.embedBatchSize = embedBatchSize;
    }

    getTextEmbedding = async (text: string) => (await this.getTextEmbeddings([text]))[0]!;

    getTextEmbeddings = (texts: string[]) =>
      embed(
        texts.map((text) => ({ text })),
        textInstruction,
      );

    getImageEmbedding = async (image: LlamaIndexImage) => (await this.getImageEmbeddings([image]))[0]!;

    getImageEmbeddings = (images: LlamaIndexImage[]) =>
      embed(
        images.map((image) => ({ image })),
        imageInstruction,
      );
  }
  return new Embedding() as unknown as T & LlamaIndexMethods;
}
