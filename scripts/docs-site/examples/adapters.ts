/** A model in the shape of other libraries: these run with nano in Node. */
import { readFile } from 'node:fs/promises';
import { VLM2Vec } from 'vlm2vec-web';
import { embedMany } from 'ai';
import OpenAI from 'openai';
import { MultiModalEmbedding } from '@llamaindex/core/embeddings';
import { aiSdkEmbeddingModel } from 'vlm2vec-web/adapters/ai-sdk';
import { langChainEmbeddings } from 'vlm2vec-web/adapters/langchain';
import { llamaIndexEmbedding } from 'vlm2vec-web/adapters/llamaindex';
import { openAI, openAIFetch } from 'vlm2vec-web/adapters/openai';
import { pipeline } from 'vlm2vec-web/adapters/transformers';

const blob = new Blob([await readFile('examples/node/penguin.png')]);
const model = await VLM2Vec.load('nano');
{
  // #region aiSdkEmbeddingModel, AiSdkEmbeddingModel.doEmbed
  const { embeddings, usage } = await embedMany({ model: aiSdkEmbeddingModel(model), values: ['a cat', 'a dog'] });
  console.log(embeddings.length, usage.tokens > 0); // 2 true
  // #endregion
}
{
  // #region langChainEmbeddings, LangChainEmbeddings.embedDocuments, LangChainEmbeddings.embedQuery
  const embeddings = langChainEmbeddings(model);
  const documents = await embeddings.embedDocuments(['a fox', 'a bus']);
  const query = await embeddings.embedQuery('a red fox');
  console.log(documents.length, query.length); // 2 192
  // #endregion
}
{
  // #region llamaIndexEmbedding, LlamaIndexMethods.getQueryEmbedding, LlamaIndexMethods.getTextEmbedding, LlamaIndexMethods.getTextEmbeddings, LlamaIndexMethods.getImageEmbedding, LlamaIndexMethods.getImageEmbeddings
  const embedding = llamaIndexEmbedding(MultiModalEmbedding, model);
  const text = await embedding.getTextEmbedding('a penguin');
  const texts = await embedding.getTextEmbeddings(['a fox', 'a bus']);
  const picture = await embedding.getImageEmbedding(blob);
  const pictures = await embedding.getImageEmbeddings([blob]);
  const query = await embedding.getQueryEmbedding({ type: 'text', text: 'a penguin' });
  console.log(text.length, texts.length, picture.length, pictures.length, query?.length); // 192 2 192 1 192
  // #endregion
}
{
  // #region openAI, OpenAIClient.embeddings.create
  const client = openAI(model);
  const { data } = await client.embeddings.create({ model: 'vlm2vec', input: ['a red kite', 'two dogs'] });
  console.log(data.length, data[0].embedding.length); // 2 192
  // #endregion
}
{
  // #region openAIFetch
  const client = new OpenAI({ apiKey: 'none', fetch: openAIFetch(model) }); // no network
  const { data } = await client.embeddings.create({ model: 'vlm2vec', input: 'a red kite' });
  console.log(data[0].embedding.length); // 192
  // #endregion
}
{
  // #region pipeline, FeatureExtractor.dispose, FeatureExtractor
  const extract = await pipeline('feature-extraction', 'nano');
  const { dims } = await extract(['a fox', 'a bus']);
  console.log(dims); // [ 2, 192 ]
  await extract.dispose();
  // #endregion
}
await model.dispose();
