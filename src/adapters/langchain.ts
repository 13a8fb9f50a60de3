/**
 * @file LangChain's `Embeddings`, without depending on LangChain: it works wherever an `EmbeddingsInterface` is
 * expected.
 */

import type { EmbedOptions } from '../runtime';
import { embedAll, expectModel, querySide, type Embedder } from './shared';

export type { Embedder };

/** Options of {@link langChainEmbeddings}. */
export interface LangChainOptions extends Pick<EmbedOptions, 'find' | 'prefix' | 'dims' | 'maxTokens' | 'signal'> {
  /** Instruction for queries, instead of the recipe's own. */
  queryInstruction?: string;
  /** Instruction for documents, instead of the recipe's own. */
  documentInstruction?: string;
}

/**
 * LangChain's `EmbeddingsInterface`, with the recipe's prompts for queries and documents. Both methods reject with the
 * errors of `VLM2Vec.embed`.
 */
export interface LangChainEmbeddings {
  /** Returns unit vectors, in order. // [documents, dims] */
  embedDocuments(documents: string[]): Promise<number[][]>;
  /** Returns a unit vector. // [dims] */
  embedQuery(document: string): Promise<number[]>;
}

/**
 * `new MemoryVectorStore(langChainEmbeddings(model))`. Methods reject with the errors of `embed`.
 * @throws InvalidInputError for what is not a model
 */
export function langChainEmbeddings(model: Embedder, options: LangChainOptions = {}): LangChainEmbeddings {
  expectModel('langChainEmbeddings', model, options);
  const { queryInstruction, documentInstruction, prefix, ...rest } = options;
  const embed = async (texts: string[], side: Pick<EmbedOptions, 'role' | 'instruction' | 'prefix'>) => {
    const inputs = texts.map((text) => ({ text }));
    const { vectors } = await embedAll(model, inputs, { ...rest, ...side });
    return vectors.map((vector) => Array.from(vector));
  };
  return {
    embedDocuments: (documents) => embed(documents, { role: 'document', instruction: documentInstruction, prefix }),
    embedQuery: async (document) => (await embed([document], querySide(model, queryInstruction)))[0]!,
  };
}
