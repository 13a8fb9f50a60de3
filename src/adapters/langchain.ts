/** @file LangChain's `Embeddings`, without LangChain: whatever takes an `EmbeddingsInterface` takes this. */

import type { EmbedOptions } from '../runtime';
import { embedAll, querySide, type Embedder } from './shared';

export type { Embedder };

/** Of {@link langChainEmbeddings}. */
export interface LangChainOptions extends Pick<EmbedOptions, 'find' | 'prefix' | 'dims' | 'maxTokens' | 'signal'> {
  /** In place of the recipe's own for queries. */
  queryInstruction?: string;
  /** In place of the recipe's own for documents. */
  documentInstruction?: string;
}

/** LangChain's `EmbeddingsInterface`, each side by the recipe's prompts. Both methods reject as `VLM2Vec.embed` does. */
export interface LangChainEmbeddings {
  /** Unit vectors, in order. // [documents, dims] */
  embedDocuments(documents: string[]): Promise<number[][]>;
  /** A unit vector. // [dims] */
  embedQuery(document: string): Promise<number[]>;
}

/** `new MemoryVectorStore(langChainEmbeddings(model))`. Methods reject as `embed` does. */
export function langChainEmbeddings(model: Embedder, options: LangChainOptions = {}): LangChainEmbeddings {
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
