/** @file Each adapter with the framework's own package, on `nano`: what comes out equals what `embed` gives. */

import { cos_sim, Tensor } from '@huggingface/transformers';
import { Document as LangChainDocument } from '@langchain/core/documents';
import type { EmbeddingsInterface } from '@langchain/core/embeddings';
import { FakeVectorStore } from '@langchain/core/utils/testing';
import { MultiModalEmbedding } from '@llamaindex/core/embeddings';
import { TextNode } from '@llamaindex/core/schema';
import { cosineSimilarity, embed, embedMany, type EmbeddingModel } from 'ai';
import { readFileSync } from 'node:fs';
import OpenAI, { APIUserAbortError, type APIError, BadRequestError, NotFoundError } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesToBase64 } from '../bundle/base64';
import {
  DeviceLostError,
  DisposedError,
  InvalidInputError,
  NotFiniteError,
  SourceNotFoundError,
  UnsupportedError,
} from '../errors';
import { VLM2Vec, type EmbedInput, type EmbedOptions } from '../index';
import { fixturePath } from '../testing/fixtures';
import { aiSdkEmbeddingModel } from './ai-sdk';
import { langChainEmbeddings } from './langchain';
import { llamaIndexEmbedding } from './llamaindex';
import { openAI, openAIFetch, type EmbeddingRequest } from './openai';
import type { Embedder } from './shared';
import { FeatureTensor, pipeline } from './transformers';

let model: VLM2Vec;
beforeAll(async () => {
  model = await VLM2Vec.load('nano');
});
afterAll(() => model.dispose());

const TEXTS = ['a red kite over the hills', 'two dogs on a beach', 'a guitar'];
const picture = readFileSync(fixturePath('images/cat.png'));
const pictureUrl = `data:image/png;base64,${bytesToBase64(picture)}`;
const FIND = 'Find me an everyday image that matches the given caption:';

const native = async (inputs: EmbedInput[], options?: EmbedOptions) =>
  (await model.embed(inputs, options)).map((vector) => Array.from(vector));

/** The same numbers; batches of other sizes round differently. */
function expectSame(actual: number[][], expected: number[][]): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  const off = actual.flatMap((row, i) => row.map((x, k) => Math.abs(x - expected[i]![k]!)));
  expect(Math.max(0, ...off)).toBeLessThan(1e-5);
}

/** Tokens that `embed` itself counts. */
async function tokensOf(inputs: EmbedInput[]): Promise<number> {
  let tokens = 0;
  await model.embed(inputs, { onUsage: (usage) => (tokens = usage.tokens) });
  return tokens;
}

describe('OpenAI', () => {
  const client = () => new OpenAI({ apiKey: 'none', fetch: openAIFetch(model), maxRetries: 0 });

  test('the real client gets the vectors of embed, in either encoding', async () => {
    const expected = await native(TEXTS);
    // The client itself asks for base64 where nothing is said, and decodes it.
    const answer = await client().embeddings.create({ model: 'vlm2vec', input: TEXTS });
    expectSame(
      answer.data.map(({ embedding }) => embedding),
      expected,
    );
    expect(answer.data.map(({ index, object }) => [index, object])).toEqual([0, 1, 2].map((i) => [i, 'embedding']));
    expect(answer).toMatchObject({ object: 'list', model: 'vlm2vec' });
    const tokens = await tokensOf(TEXTS);
    expect(answer.usage).toEqual({ prompt_tokens: tokens, total_tokens: tokens });

    const floats = await client().embeddings.create({ model: 'vlm2vec', input: TEXTS[0]!, encoding_format: 'float' });
    expectSame([floats.data[0]!.embedding], [expected[0]!]);
    const base64 = await client().embeddings.create({ model: 'vlm2vec', input: TEXTS[0]!, encoding_format: 'base64' });
    const bytes = Buffer.from(base64.data[0]!.embedding, 'base64');
    expectSame([Array.from({ length: model.dims }, (_, i) => bytes.readFloatLE(4 * i))], [expected[0]!]);
  });

  test('what the request is not to blame for is an error of the server, which is not asked again', async () => {
    const failing = (error: Error) => {
      let asked = 0;
      const embed = () => (asked++, Promise.reject(error));
      const client = new OpenAI({ apiKey: 'none', fetch: openAIFetch({ dims: 4, embed }), maxRetries: 1 });
      const answer = client.embeddings.create({ model: 'vlm2vec', input: 'a' }).then(
        () => null,
        (refused: APIError) => ({ status: refused.status, type: refused.type, message: refused.message, asked }),
      );
      return answer;
    };
    expect(await failing(new DisposedError('The model has been disposed of.'))).toEqual({
      ...{ status: 503, type: 'server_error', message: '503 The model has been disposed of.', asked: 1 },
    });
    expect(await failing(new DeviceLostError('The GPU is gone.'))).toMatchObject({ status: 503, asked: 2 });
    expect(await failing(new NotFiniteError('Not a number.'))).toMatchObject({ status: 500, type: 'server_error' });
    expect(await failing(new InvalidInputError('Too long.'))).toMatchObject({
      ...{ status: 400, type: 'invalid_request_error', asked: 1 },
    });
  });

  test("vLLM's messages embed a picture with its text", async () => {
    const text = 'Represent the given image with the following question: what is it?';
    const parts = [
      { type: 'image_url', image_url: { url: pictureUrl } },
      { type: 'text', text },
    ] as const;
    const body = { model: 'vlm2vec', messages: [{ role: 'user', content: parts }], encoding_format: 'float' } as const;
    const expected = await native([{ image: picture, text }]);
    expectSame([(await openAI(model).embeddings.create(body)).data[0]!.embedding], expected);
    // As one calls it through the client, which has no types for it.
    const posted = await client().post<{ data: { embedding: number[] }[] }>('/embeddings', { body });
    expectSame([posted.data[0]!.embedding], expected);
    const textOnly = await openAI(model).embeddings.create({
      model: 'vlm2vec',
      messages: [{ role: 'user', content: text }],
    });
    expectSame([textOnly.data[0]!.embedding], await native([text]));
  });

  const image = { type: 'image_url', image_url: { url: pictureUrl } };
  const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });
  test.each([
    ['dimensions', { input: 'x', dimensions: 7 }],
    ['user', { input: 'x', user: 'me' }],
    ['encoding_format', { input: 'x', encoding_format: 'int8' }],
    ['input', { input: [1, 2, 3] }],
    ['input', { input: [[1, 2], [3]] }],
    ['truncate_prompt_tokens', { input: 'x', truncate_prompt_tokens: 4 }],
    ['messages', { messages: [] }],
    ['messages[0].role', { messages: [{ role: 'system', content: 'x' }] }],
    ['name', { messages: [{ role: 'user', content: 'x', name: 'me' }] }],
    ['messages[0].content', user([image, image])],
    ['messages[0].content[1]', user([image, { type: 'video_url', video_url: { url: 'x' } }])],
    ['detail', user([{ ...image, image_url: { url: pictureUrl, detail: 'high' } }])],
  ])('%s is refused by name: %j', async (field, body) => {
    const request = { model: 'vlm2vec', ...body } as EmbeddingRequest;
    await expect(openAI(model).embeddings.create(request)).rejects.toThrow(UnsupportedError);
    const posted = client().post('/embeddings', { body: request });
    await expect(posted).rejects.toThrow(BadRequestError);
    await expect(posted).rejects.toMatchObject({ status: 400, param: field });
  });

  test('what makes no sense is refused, as is another model', async () => {
    const create = (body: object) => openAI(model).embeddings.create({ model: 'vlm2vec', ...body } as EmbeddingRequest);
    await expect(create({})).rejects.toThrow(InvalidInputError);
    await expect(create({ input: [] })).rejects.toThrow(InvalidInputError);
    await expect(create({ input: '' })).rejects.toThrow(InvalidInputError);
    await expect(create({ input: 'x', messages: [] })).rejects.toThrow(InvalidInputError);
    await expect(create(user(5))).rejects.toThrow(InvalidInputError);
    await expect(create({ model: 'gpt', input: 'x' })).rejects.toThrow(SourceNotFoundError);
    await expect(create({ input: 'x', user: undefined, dimensions: model.dims })).resolves.toBeTruthy();
    await expect(client().embeddings.create({ model: 'gpt', input: 'x' })).rejects.toThrow(NotFoundError);
    await expect(client().models.list()).rejects.toThrow(NotFoundError);
    const named = openAI(model, { model: 'mine' }).embeddings.create({ model: 'mine', input: 'x' });
    expect((await named).model).toBe('mine');
  });

  test('it can be aborted', async () => {
    const controller = new AbortController();
    const call = client().embeddings.create({ model: 'vlm2vec', input: TEXTS }, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toThrow(APIUserAbortError);
    const { signal } = controller;
    await expect(openAI(model).embeddings.create({ model: 'vlm2vec', input: 'x' }, { signal })).rejects.toThrow(
      /abort/i,
    );
  });
});

describe('LangChain', () => {
  test('a vector store of LangChain finds the same as embed', async () => {
    const embeddings: EmbeddingsInterface = langChainEmbeddings(model, { queryInstruction: FIND });
    expectSame(await embeddings.embedDocuments(TEXTS), await native(TEXTS));
    expectSame([await embeddings.embedQuery('dogs')], await native(['dogs'], { instruction: FIND }));

    expectSame([await langChainEmbeddings(model).embedQuery('dogs')], await native(['dogs']));

    const store = new FakeVectorStore(embeddings);
    await store.addDocuments(TEXTS.map((pageContent) => new LangChainDocument({ pageContent })));
    const found = await store.similaritySearchWithScore('dogs', 3);
    const [query] = await native(['dogs'], { instruction: FIND });
    const scores = (await native(TEXTS)).map((vector) => vector.reduce((sum, x, i) => sum + x * query![i]!, 0));
    const order = [0, 1, 2].sort((a, b) => scores[b]! - scores[a]!);
    expect(found.map(([{ pageContent }]) => pageContent)).toEqual(order.map((i) => TEXTS[i]));
    found.forEach(([, score], i) => expect(score).toBeCloseTo(scores[order[i]!]!, 5));
  });
});

describe('LlamaIndex', () => {
  const make = () => llamaIndexEmbedding(MultiModalEmbedding, model, { embedBatchSize: 2 });

  test("is the framework's class, and gives what embed gives", async () => {
    const embedding = make();
    const checked: MultiModalEmbedding = embedding;
    expect(checked).toBeInstanceOf(MultiModalEmbedding);
    expectSame([await embedding.getTextEmbedding(TEXTS[0]!)], await native([TEXTS[0]!]));
    const steps: number[][] = [];
    const progressCallback = (current: number, total: number) => steps.push([current, total]);
    expectSame(await embedding.getTextEmbeddingsBatch(TEXTS, { progressCallback }), await native(TEXTS));
    expect(steps.at(-1)).toEqual([3, 3]);
    expect(embedding.embedInfo?.dimensions).toBe(model.dims);
  });

  test('embeds pictures beside texts, as queries too', async () => {
    const embedding = make();
    const instruction = 'Represent the given image.';
    const [expected] = (await native([{ image: picture }], { instruction })) as [number[]];
    const [asked, words] = await native([{ image: picture }, TEXTS[1]!]);
    const blob = new Blob([picture], { type: 'image/png' });
    expectSame([await embedding.getImageEmbedding(blob)], [expected]);
    expectSame(await embedding.getImageEmbeddings([pictureUrl, blob]), [expected, expected]);
    const query = { type: 'image_url', image_url: { url: pictureUrl } } as const;
    expectSame([(await embedding.getQueryEmbedding(query))!], [asked!]);
    expectSame([(await embedding.getQueryEmbedding({ type: 'text', text: TEXTS[1]! }))!], [words!]);
    expect(await embedding.getQueryEmbedding({ type: 'audio', data: '', mimeType: 'audio/wav' })).toBeNull();
    expect(embedding.similarity(expected, expected)).toBeCloseTo(1, 5);
  });

  test('nodes get their embeddings when it runs as a step of a pipeline', async () => {
    const nodes = TEXTS.map((text) => new TextNode({ text }));
    const out = (await make()(nodes)) as TextNode[];
    expectSame(
      out.map((node) => node.getEmbedding()),
      await native(TEXTS),
    );
  });
});

describe('AI SDK', () => {
  test('embed and embedMany give what embed gives', async () => {
    const ours: Exclude<EmbeddingModel, string> = aiSdkEmbeddingModel(model);
    const expected = await native(TEXTS);
    const many = await embedMany({ model: ours, values: TEXTS });
    expectSame(many.embeddings, expected);
    expect(many.usage.tokens).toBe(await tokensOf(TEXTS));
    expect(many.warnings).toEqual([]);
    const one = await embed({ model: ours, value: TEXTS[0]! });
    expectSame([one.embedding], [expected[0]!]);
    expect(cosineSimilarity(one.embedding, many.embeddings[0]!)).toBeCloseTo(1, 5);
  });

  test('pictures and instructions come with the options', async () => {
    const ours = aiSdkEmbeddingModel(model);
    const providerOptions = { vlm2vec: { instruction: FIND, images: [pictureUrl, null, pictureUrl] } };
    const { embeddings } = await embedMany({ model: ours, values: ['a cat', 'a dog', ''], providerOptions });
    const inputs = [{ image: picture, text: 'a cat' }, 'a dog', { image: picture }];
    expectSame(embeddings, await native(inputs, { instruction: FIND }));
  });

  test('what it cannot do is refused by name', async () => {
    const ours = aiSdkEmbeddingModel(model);
    const call = (options: object) => embed({ model: ours, value: 'x', maxRetries: 0, ...options });
    await expect(call({ providerOptions: { vlm2vec: { pooling: 'mean' } } })).rejects.toThrow(/pooling/);
    await expect(call({ providerOptions: { vlm2vec: { images: [] } } })).rejects.toThrow(InvalidInputError);
    await expect(ours.doEmbed({ values: ['x'], dimensions: 3 })).rejects.toThrow(UnsupportedError);
    await expect(call({ abortSignal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});

describe('recipes', () => {
  /** Notes what it is asked; offers 64 of 128 numbers, as Matryoshka models do. */
  function noting(pooling: 'last' | 'all' = 'last') {
    const asked: EmbedOptions[] = [];
    const embedder: Embedder = {
      dims: 128,
      info: { recipe: { title: 'Many', pooling } },
      embed: async (inputs, options = {}) => {
        const { dims = 128, onUsage: _, ...rest } = options;
        if (dims !== 64 && dims !== 128) throw new InvalidInputError('64, 128', { option: 'dims' });
        asked.push({ ...rest, dims });
        return inputs.map(() => new Float32Array(dims));
      },
    };
    return { embedder, asked };
  }

  test('role and length go through where the framework has them', async () => {
    const { embedder, asked } = noting();
    const request = { model: 'vlm2vec', input: 'x', dimensions: 64 };
    expect((await openAI(embedder, { role: 'query' }).embeddings.create(request)).data[0]!.embedding).toHaveLength(64);
    const providerOptions = { vlm2vec: { role: 'query' } };
    const { embeddings } = await aiSdkEmbeddingModel(embedder).doEmbed({
      values: ['x'],
      dimensions: 64,
      providerOptions,
    });
    expect(embeddings[0]).toHaveLength(64);
    const chain = langChainEmbeddings(embedder, { dims: 64, prefix: 'p' });
    await chain.embedQuery('x');
    await chain.embedDocuments(['x']);
    const extract = await pipeline('feature-extraction', embedder);
    expect((await extract('x', { role: 'query', dims: 64 })).dims).toEqual([1, 64]);
    expect(asked.map(({ role, dims, prefix }) => [role, dims, prefix])).toEqual([
      ['query', 64, undefined],
      ['query', 64, undefined],
      ['query', 64, undefined],
      ['document', 64, 'p'],
      ['query', 64, undefined],
    ]);
    await expect(openAI(embedder).embeddings.create({ ...request, dimensions: 65 })).rejects.toMatchObject({
      name: 'UnsupportedError',
      details: { field: 'dimensions' },
    });
  });

  test('several vectors per input are refused by name, everywhere', async () => {
    const { embedder, asked } = noting('all');
    const calls = [
      () => openAI(embedder).embeddings.create({ model: 'vlm2vec', input: 'x' }),
      () => aiSdkEmbeddingModel(embedder).doEmbed({ values: ['x'] }),
      () => langChainEmbeddings(embedder).embedQuery('x'),
      () => llamaIndexEmbedding(MultiModalEmbedding, embedder).getTextEmbedding('x'),
      async () => (await pipeline('feature-extraction', embedder))('x'),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(/Many gives several vectors/);
    expect(asked).toEqual([]);
  });
});

describe('transformers.js', () => {
  test("the result reads as transformers.js' Tensor does", async () => {
    const extract = await pipeline('feature-extraction', model);
    const result = await extract(TEXTS, { pooling: 'last_token', normalize: true });
    const expected = await native(TEXTS);
    const theirs = new Tensor('float32', Float32Array.from(expected.flat()), [3, model.dims]);
    const shared: Pick<Tensor, 'dims' | 'size'> = result;
    expect([shared.dims, shared.size, result.type]).toEqual([theirs.dims, theirs.size, theirs.type]);
    expect(result.data.constructor).toBe(theirs.data.constructor);
    expectSame(result.tolist(), theirs.tolist() as number[][]);
    expect(result.tolist().flat()).toEqual(Array.from(result.data));
    expect(cos_sim(result.tolist()[0]!, expected[0]!)).toBeCloseTo(1, 5);
    expect((await extract(TEXTS[0]!)).dims).toEqual([1, model.dims]);
    const mixed = await extract([{ image: picture, text: 'a cat' }, 'a dog'], { instruction: FIND });
    expectSame(mixed.tolist(), await native([{ image: picture, text: 'a cat' }, 'a dog'], { instruction: FIND }));
  });

  test('pictures by URL or bytes', async () => {
    const extract = await pipeline('image-feature-extraction', model);
    const [expected] = (await native([{ image: picture }])) as [number[]];
    expectSame((await extract([pictureUrl, new Blob([picture])])).tolist(), [expected, expected]);
  });

  test('loads a model, tells how it goes, and frees it', async () => {
    const statuses = new Set<string>();
    const extract = await pipeline('feature-extraction', 'nano', {
      device: 'cpu',
      progress_callback: ({ status }) => statuses.add(status),
    });
    expect(['initiate', 'download', 'progress', 'done', 'ready'].filter((status) => !statuses.has(status))).toEqual([]);
    expectSame((await extract(TEXTS)).tolist(), await native(TEXTS));
    await extract.dispose();
    await expect(extract('x')).rejects.toThrow(/dispose/i);
  });

  test('what the model does not do is refused by name', async () => {
    const load = (task: string, options = {}) => pipeline(task as 'feature-extraction', model, options);
    await expect(load('text-generation')).rejects.toThrow(/text-generation/);
    await expect(load('feature-extraction', { revision: 'main' })).rejects.toThrow(/revision/);
    const extract = await load('feature-extraction');
    for (const options of [{ pooling: 'mean' }, { normalize: false }, { quantize: true }, { pool: false }]) {
      await expect(extract('x', options as object)).rejects.toThrow(UnsupportedError);
    }
    await expect(extract([])).rejects.toThrow(InvalidInputError);
    expect(new FeatureTensor([], 4).tolist()).toEqual([]);
  });
});
