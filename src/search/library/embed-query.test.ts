import { expect, test, vi } from 'vitest';
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
const prompt = (kind: 'text' | 'image' | 'both', text?: string) => queryPrompt(queryTemplate(kind), text);

test('words and a picture are one input; what is combined and excluded are others, in one call', async () => {
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
    { text: prompt('both', 'at night'), image: blob },
    { text: prompt('text', 'snow') },
    { text: prompt('text', 'people') },
    { text: prompt('both', 'red'), image: original },
  ]);
  expect(query).toEqual({
    include: [vector(0), vector(1, 2), { id: 7, weight: undefined }],
    exclude: [vector(2), vector(3)],
    omit: [7],
    filter: { camera: 'c' },
    limit: 3,
  });
});

test('a picture of the index alone is known by its vector, unless it has a template of its own', async () => {
  const by = means();
  const { query, milliseconds } = await embedQuery({ image: { id: 4 } }, by);
  expect([query.include, query.omit, milliseconds]).toEqual([[{ id: 4, weight: undefined }], [4], 0]);
  expect(by.embed).not.toHaveBeenCalled();
  await embedQuery({ image: { id: 4 }, instruction: '{image} Find it.' }, by);
  expect(by.embed.mock.calls[0]![0]).toEqual([{ text: queryPrompt('{image} Find it.', undefined), image: original }]);
});

test('a part that is empty is refused', async () => {
  await expect(embedQuery({ combine: [{}] }, means())).rejects.toThrow('neither text nor picture');
  await expect(embedQuery({ text: 'a', exclude: [{ text: '' }] }, means())).rejects.toThrow('neither text nor picture');
});
