/** @file An embedding model for Vercel's AI SDK (`EmbeddingModelV4`), without the SDK: `embed({ model, value })`. */

import { InvalidInputError } from '../errors';
import type { EmbedInput, EmbedOptions } from '../runtime';
import { embedAll, expectModel, refuseOthers, type Embedder } from './shared';

export type { Embedder };

/** Options of {@link aiSdkEmbeddingModel}. */
export interface AiSdkOptions {
  /** The name under which the SDK knows the model. @default 'vlm2vec' */
  modelId?: string;
}

/** Options under `providerOptions.vlm2vec`, since values can only be texts. They apply to all values of a call. */
export interface AiSdkProviderOptions extends Pick<EmbedOptions, 'role' | 'find' | 'instruction'> {
  /** For each value a URL (`https:`, `data:`, `blob:`) or null: text and picture are read in one sequence. */
  images?: (string | null)[];
}

/** What the SDK passes to {@link AiSdkEmbeddingModel.doEmbed}. */
export interface AiSdkCall {
  /** Texts; an empty one with a picture means the picture alone. */
  values: string[];
  /** One of the lengths that the recipe offers: others are refused. */
  dimensions?: number;
  /** Aborts the call, which then rejects with the signal's reason. */
  abortSignal?: AbortSignal;
  /** Not used, since no requests are made. */
  headers?: Record<string, string | undefined>;
  /** {@link AiSdkProviderOptions} under `vlm2vec`. Options for other providers are ignored. */
  providerOptions?: Record<string, Record<string, unknown>>;
}

/** An `EmbeddingModelV4` of `@ai-sdk/provider`, for `embed` and `embedMany` of the package `ai`. */
export interface AiSdkEmbeddingModel {
  /** The version of the SDK's interface. */
  readonly specificationVersion: 'v4';
  /** The name of this package in the SDK's reports. */
  readonly provider: 'vlm2vec-web';
  /** {@link AiSdkOptions.modelId} */
  readonly modelId: string;
  /** No limit: the model makes its own batches. */
  readonly maxEmbeddingsPerCall: number;
  /** False: calls would only wait for each other. */
  readonly supportsParallelCalls: boolean;
  /**
   * Returns unit vectors in the order of the values // [dims], and the number of tokens read.
   * @throws UnsupportedError for unknown options; otherwise the errors of `VLM2Vec.embed`
   */
  doEmbed(call: AiSdkCall): Promise<{ embeddings: number[][]; usage: { tokens: number }; warnings: [] }>;
}

/**
 * `embedMany({ model: aiSdkEmbeddingModel(model), values })`.
 * @param model a loaded `VLM2Vec`
 * @throws InvalidInputError for anything else
 */
export function aiSdkEmbeddingModel(model: Embedder, options: AiSdkOptions = {}): AiSdkEmbeddingModel {
  expectModel('aiSdkEmbeddingModel', model, options);
  const { modelId = 'vlm2vec' } = options;
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
