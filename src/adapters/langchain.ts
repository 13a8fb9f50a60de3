/** @file LangChain's `Embeddings`, without LangChain: whatever takes an `EmbeddingsInterface` takes this. */

import type { EmbedOptions } from '../runtime';
import type { Embedder } from './shared';

export type { Embedder };

/** Of {@link langChainEmbeddings}. */
export interface LangChainOptions extends Pick<EmbedOptions, 'maxTokens' | 'signal'> {
  /** Put before each query, as in the model's training data. @default none */
  queryInstruction?: string;
  /** Put before each document. @default none */
  documentInstruction?: string;
}

/** LangChain's `EmbeddingsInterface`. Both methods reject as `VLM2Vec.embed` does. */
export interface LangChainEmbeddings {
  /** Unit vectors, in order. // [documents, dims] */
  embedDocuments(documents: string[]): Promise<number[][]>;
  /** A unit vector. // [dims] */
  embedQuery(document: string): Promise<number[]>;
}

/** `new MemoryVectorStore(langChainEmbeddings(model))`. Methods reject as `embed` does. */
export function langChainEmbeddings(model: Embedder, options: LangChainOptions = {}): LangChainEmbeddings {
  const { queryInstruction, documentInstruction, ...rest } = options;
  const embed = async (texts: string[], instruction?: string) => {
    const inputs = texts.map((text) => ({ text }));
    return (await model.embed(inputs, { ...rest, instruction })).map((vector) => Array.from(vector));
  };
  return {
    embedDocuments: (documents) => embed(documents, documentInstruction),
    embedQuery: async (document) => (await embed([document], queryInstruction))[0]!,
  };
}
