/** @file The check against model cards. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { WeightDtype } from '../bundle/manifest';
import type { PictureOption } from '../image';
import { exampleCase } from '../testing/fixtures';
import { CARD_EXAMPLE, CARD_MODELS, CARD_SCORES, cardModel, judge, verifyCard, type VerifiableModel } from './verify';

describe('judge', () => {
  test.each<[string, WeightDtype, number[], boolean, boolean]>([
    ['the published scores', 'fp32', [0.25, 0.1865], true, true],
    ['just within', 'fp32', [0.2599, 0.1766], true, true],
    ['just beyond', 'fp32', [0.2601, 0.1865], false, true],
    ['the second just beyond', 'fp16', [0.25, 0.1764], false, true],
    ['wider for q8', 'q8', [0.269, 0.1865], true, true],
    ['not that wide', 'q8', [0.271, 0.1865], false, true],
    ['wider for q4', 'q4', [0.21, 0.205], true, true],
    ['the wrong order, however close', 'q4', [0.22, 0.221], false, false],
    ['equal scores are no order', 'q4', [0.22, 0.22], false, false],
    ['NaN', 'q4', [NaN, 0.2], false, false],
  ])('%s', (_, dtype, scores, passed, ordered) => {
    expect(judge('v1-2b', dtype, scores)).toMatchObject({ passed, ordered, model: 'v1-2b' });
  });

  test('the published scores are valid', () => {
    for (const model of CARD_MODELS) expect(judge(model, 'fp32', CARD_SCORES[model].scores).passed).toBe(true);
  });
});

test('the card of a source: its adapter’s, or the base’s own', () => {
  const source = (base: string, adapter?: string) =>
    ({ base: { id: base }, adapter: adapter ? { id: adapter } : null }) as never;
  expect(cardModel(source('Qwen/Qwen2-VL-2B-Instruct', 'TIGER-Lab/VLM2Vec-Qwen2VL-2B'))).toBe('v1-2b');
  expect(cardModel(source('Qwen2-VL-2B-Instruct', 'VLM2Vec-Qwen2VL-2B'))).toBe('v1-2b');
  expect(cardModel(source('TIGER-Lab/VLM2Vec-Full'))).toBe('phi');
  expect(cardModel(source('Qwen/Qwen2-VL-2B-Instruct'))).toBeNull();
});

const example = exampleCase();

/** Vectors with given cosines to the picture's vector. */
function fakeModel(
  scores: readonly number[],
  adapter: string | null = 'TIGER-Lab/VLM2Vec-Qwen2VL-7B',
  options: readonly PictureOption[] = ['minPixels', 'maxPixels'],
) {
  const asked: unknown[] = [];
  const model: VerifiableModel = {
    info: {
      source: { base: { id: 'b', revision: null }, adapter: adapter && { id: adapter, revision: null } } as never,
      dtype: 'fp16',
      imageToken: '<|image_pad|>',
      image: { options },
    },
    embed: async (inputs, options) => {
      asked.push(...inputs, options);
      return inputs.map((_, i) => {
        const x = i === 0 ? 1 : scores[i - 1]!;
        return Float32Array.of(x, Math.sqrt(1 - x * x));
      });
    },
  };
  return { model, asked };
}

test.skipIf(example === null)('asks the question on the card', async () => {
  const picture = new Uint8Array(readFileSync(example!.path));
  const { model, asked } = fakeModel([0.3301, 0.2891]);
  const report = await verifyCard(model, picture);
  expect(report).toMatchObject({ model: 'v1-7b', passed: true, tolerance: 0.01 });
  expect(report.answers[0]).toMatchObject({ text: 'A cat and a dog', published: 0.3301 });
  expect(asked).toEqual([
    {
      text: '<|image_pad|> Represent the given image with the following question: What is in the image',
      image: picture,
    },
    { text: 'A cat and a dog' },
    { text: 'A cat and a tiger' },
    { orientation: 'stored', signal: undefined },
  ]);
  expect((await verifyCard(model, picture, { as: 'v1-2b' })).passed).toBe(false);
  await expect(verifyCard(fakeModel([1, 0], null).model, picture)).rejects.toThrow(/Nothing has been published for b/);
  expect((await verifyCard(fakeModel([0.2974, 0.239], null).model, picture, { as: 'v2.0' })).passed).toBe(true);
});

test.skipIf(example === null)('Phi’s card uses 16 crops, whatever its checkpoint says', async () => {
  const picture = new Uint8Array(readFileSync(example!.path));
  const { model, asked } = fakeModel([0.3008, 0.2051], 'TIGER-Lab/VLM2Vec-Full', ['numCrops']);
  expect(await verifyCard(model, picture)).toMatchObject({ model: 'phi', passed: true });
  expect(asked.at(-1)).toEqual({ orientation: 'stored', numCrops: 16, signal: undefined });
  const other = fakeModel([0.3008, 0.2051]);
  await verifyCard(other.model, picture, { as: 'phi' });
  expect(other.asked.at(-1)).toEqual({ orientation: 'stored', signal: undefined });
});

test('refuses another picture', async () => {
  const { model, asked } = fakeModel([0.33, 0.289]);
  await expect(verifyCard(model, Uint8Array.of(1, 2, 3))).rejects.toThrow(/not the picture of the model card/);
  expect(asked).toEqual([]);
  expect(CARD_EXAMPLE.sha256).toMatch(/^[0-9a-f]{64}$/);
});
