import { MemoryVectorStore } from '@langchain/classic/vectorstores/memory';
import { embedMany } from 'ai';
import OpenAI from 'openai';
import { VLM2Vec } from 'vlm2vec-web';
import { aiSdkEmbeddingModel } from 'vlm2vec-web/adapters/ai-sdk';
import { langChainEmbeddings } from 'vlm2vec-web/adapters/langchain';
import { openAIFetch } from 'vlm2vec-web/adapters/openai';
import { pipeline } from 'vlm2vec-web/adapters/transformers';

const texts = ['a fox', 'a penguin', 'a bus'];
const model = await VLM2Vec.load('nano');

// The OpenAI client: its requests are answered here and leave the page for nowhere.
const client = new OpenAI({ apiKey: 'none', dangerouslyAllowBrowser: true, fetch: openAIFetch(model) });
const { data } = await client.embeddings.create({ model: 'vlm2vec', input: texts });

// Vercel's AI SDK
const { embeddings } = await embedMany({ model: aiSdkEmbeddingModel(model), values: texts });

// As transformers.js is called
const extract = await pipeline('feature-extraction', model);
const features = (await extract(texts)).tolist();

// LangChain: whatever takes embeddings takes these
const store = new MemoryVectorStore(langChainEmbeddings(model));
await store.addDocuments(texts.map((pageContent) => ({ pageContent, metadata: {} })));
const found = await store.similaritySearchWithScore('a fox', 3);

for (const [{ pageContent }, score] of found) {
  const line = document.createElement('li');
  line.textContent = `${pageContent}: ${score.toFixed(3)}`;
  document.querySelector('ol')!.append(line);
}
const vectors = [...data.map(({ embedding }) => embedding), ...embeddings, ...features];
document.querySelector('pre')!.textContent = vectors.map((vector) => vector.join(' ')).join('\n');
