/** @file An embedding model for Vercel's AI SDK (`EmbeddingModelV4`), without the SDK: `embed({ model, value })`. */

import { InvalidInputError } from '../errors';
import type { EmbedInput, EmbedOptions } from '../runtime';
import { embedAll, refuseOthers, type Embedder } from './shared';

export type { Embedder };

/** Of {@link aiSdkEmbeddingModel}. */
export interface AiSdkOptions {
  /** What the SDK calls the model. @default 'vlm2vec' */
  modelId?: string;
}

/**
 * Under `providerOptions.vlm2vec`, for values are texts only. With several values in one call.
 */
export interface AiSdkProviderOptions extends Pick<EmbedOptions, 'role' | 'find' | 'instruction'> {
  /** One URL each (`https:`, `data:`, `blob:`), or null, beside the values: text and picture are read in one sequence. */
  images?: (string | null)[];
}

/** As the SDK calls {@link AiSdkEmbeddingModel.doEmbed}. */
export interface AiSdkCall {
  /** Texts; '' beside a picture for the picture alone. */
  values: string[];
  /** One of the lengths that the recipe offers: others are refused. */
  dimensions?: number;
  /** Ends the call with the signal's reason. */
  abortSignal?: AbortSignal;
  /** Of no use here: nothing is requested. */
  headers?: Record<string, string | undefined>;
  /** {@link AiSdkProviderOptions} under `vlm2vec`. Those of other providers are not looked at. */
  providerOptions?: Record<string, Record<string, unknown>>;
}

/** An `EmbeddingModelV4` of `@ai-sdk/provider`, for `embed` and `embedMany` of the package `ai`. */
export interface AiSdkEmbeddingModel {
  /** The version of the SDK's interface. */
  readonly specificationVersion: 'v4';
  /** Names this package in the SDK's reports. */
  readonly provider: 'vlm2vec-web';
  /** {@link AiSdkOptions.modelId} */
  readonly modelId: string;
  /** No limit: the model makes its own batches. */
  readonly maxEmbeddingsPerCall: number;
  /** False: calls would only wait for each other. */
  readonly supportsParallelCalls: boolean;
  /**
   * Unit vectors in the order of the values // [dims], and the tokens read.
   * @throws UnsupportedError for options that it does not know; else as `VLM2Vec.embed` does
   */
  doEmbed(call: AiSdkCall): Promise<{ embeddings: number[][]; usage: { tokens: number }; warnings: [] }>;
}

/**
 * `embedMany({ model: aiSdkEmbeddingModel(model), values })`.
 * @param model a loaded `VLM2Vec`
 */
export function aiSdkEmbeddingModel(model: Embedder, { modelId = 'vlm2vec' }: AiSdkOptions = {}): AiSdkEmbeddingModel {
  return {
    specificationVersion: 'v4',
    provider: 'vlm2vec-web',
    modelId,
    // The model makes its own batches; calls would only wait for each other.
    maxEmbeddingsPerCall: Infinity,
    supportsParallelCalls: false,
    async doEmbed({ values, dimensions, abortSignal, providerOptions = {} }) {
      const own = (providerOptions.vlm2vec ?? {}) as AiSdkProviderOptions;
      const { instruction, role, find } = own;
      refuseOthers(own, ['instruction', 'role', 'find', 'images'], 'providerOptions.vlm2vec');
      const { vectors, tokens } = await embedAll(model, inputsOf(values, own.images), {
        ...{ instruction, role, find },
        dims: dimensions ?? undefined,
        signal: abortSignal,
      });
      return { embeddings: vectors.map((vector) => Array.from(vector)), usage: { tokens }, warnings: [] };
    },
  };
}

function inputsOf(values: string[], images?: (string | null)[]): EmbedInput[] {
  if (images && images.length !== values.length) {
    throw new InvalidInputError(`There are ${images.length} images for ${values.length} values.`, {
      field: 'images',
    });
  }
  return values.map((text, i) => {
    const image = images?.[i];
    if (image == null) return { text };
    return text === '' ? { image } : { image, text };
  });
}
