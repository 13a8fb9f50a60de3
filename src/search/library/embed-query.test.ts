import { expect, test, vi } from 'vitest';
import { compose, recipeNamed } from '../../recipes';
import { instructions } from '../../text';
import { queryPrompt, queryTemplate } from '../prompts';
import type { EmbedderInput } from '../types';
import { embedQuery } from './embed-query';

const blob = new Blob(['a picture']);
const original = new Blob(['of the index']);
const means = () => ({
  embed: vi.fn(async (inputs: readonly EmbedderInput[]) => inputs.map((_, i) => Float32Array.of(i))),
  file: vi.fn(async () => original),
});
const vector = (i: number, weight?: number) => ({ vector: Float32Array.of(i), weight });

test('words and a picture are one input; combined and excluded parts are further ones, in one call', async () => {
  const by = means();
  const { query } = await embedQuery(
    {
      text: 'at night',
      image: blob,
      combine: [{ text: 'snow', weight: 2 }, { image: { id: 7 } }],
      exclude: [{ text: 'people' }, { image: { id: 8 }, text: 'red' }],
      filter: { camera: 'c' },
      limit: 3,
    },
    by,
  );
  expect(by.embed).toHaveBeenCalledOnce();
  expect(by.embed.mock.calls[0]![0]).toEqual([
    { role: 'query', text: 'at night', image: blob },
    { role: 'query', text: 'snow' },
    { role: 'query', text: 'people' },
    { role: 'query', text: 'red', image: original },
  ]);
  expect(query).toEqual({
    include: [vector(0), vector(1, 2), { id: 7, weight: undefined }],
    exclude: [vector(2), vector(3)],
    omit: [7],
    filter: { camera: 'c' },
    limit: 3,
  });
});

test('a picture of the index alone uses its stored vector, unless it has a template of its own', async () => {
  const by = means();
  const { query, milliseconds } = await embedQuery({ image: { id: 4 } }, by);
  expect([query.include, query.omit, milliseconds]).toEqual([[{ id: 4, weight: undefined }], [4], 0]);
  expect(by.embed).not.toHaveBeenCalled();
  await embedQuery({ image: { id: 4 }, instruction: '{image} Find it.' }, by);
  expect(by.embed.mock.calls[0]![0]).toEqual([{ text: queryPrompt('{image} Find it.', undefined), image: original }]);
});

test('an empty part is refused', async () => {
  await expect(embedQuery({ combine: [{}] }, means())).rejects.toThrow('neither text nor picture');
  await expect(embedQuery({ text: 'a', exclude: [{ text: '' }] }, means())).rejects.toThrow('neither text nor picture');
});

test('a recipe with templates takes an instruction, but no template', async () => {
  const by = { ...means(), recipe: { title: 'GME', isRaw: false, pooling: 'last' as const } };
  await embedQuery({ text: 'snow', instruction: 'Find a photo.' }, by);
  expect(by.embed.mock.calls[0]![0]).toEqual([{ role: 'query', text: 'snow', instruction: 'Find a photo.' }]);
  await expect(embedQuery({ text: 'snow', instruction: 'Find {text}' }, by)).rejects.toThrow('without {text}');
});

test('VLM2Vec gets MMEB’s instruction for finding pictures; the template shown is the same', () => {
  const vlm2vec = recipeNamed('vlm2vec');
  const ask = (images: number, text?: string) =>
    compose({ role: 'query', find: 'image', images, text }, vlm2vec, '<image>').prompt;
  const said = (set: 'MSCOCO_t2i' | 'NIGHTS' | 'CIRR') =>
    instructions[set].query.replace('{image}', '<image>').replace('{text}', 'a dog');
  expect([ask(0, 'a dog'), ask(1), ask(1, 'a dog')]).toEqual([said('MSCOCO_t2i'), said('NIGHTS'), said('CIRR')]);
  for (const [kind, images] of [
    ['text', 0],
    ['image', 1],
    ['both', 1],
  ] as const) {
    const text = kind === 'image' ? undefined : 'a dog';
    const own = queryPrompt(queryTemplate(kind), text);
    expect(compose({ images, text: own }, vlm2vec, '<image>').prompt).toBe(ask(images, text));
  }
});
