import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tokenizerFiles } from '../testing/fixtures';
import { loadTokenizer } from '../text';
import { F16_CASES, probeCases } from './probe-cases';

const nanoFiles = new Map(
  ['tokenizer.json', 'tokenizer_config.json'].map((name) => [
    name,
    new Uint8Array(readFileSync(`public/models/nano/${name}`)),
  ]),
);

test.each([
  ['a small vocabulary', tokenizerFiles('small')],
  ['nano’s', nanoFiles],
  ['Qwen’s', tokenizerFiles('qwen')],
])('texts lie around every change of kernels, in %s', async (_, files) => {
  const tokenizer = await loadTokenizer(files);
  const count = async (text: string) => tokenizer.encode(text).length;
  const prompts = { imageToken: '<|image_pad|>', imageTokenId: 1, separator: '\n', maxTokens: 512 };
  const cases = await probeCases({ prompts }, count);
  for (const length of [31, 32, 33, 64, 65]) {
    const { text } = cases.find(({ name }) => name === `text-${length}`)!;
    expect(await count(text)).toBe(length);
  }
  expect(await count(cases.find(({ name }) => name === 'short-text')!.text)).toBeLessThanOrEqual(24);
  // 16 and 80 patches of 14 pixels
  const pictures = cases.flatMap(({ picture }) => (picture ? [(picture.width * picture.height) / 14 ** 2] : []));
  expect(pictures).toEqual([16, 80]);
  const names = cases.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...F16_CASES]));

  const changed = await probeCases({ prompts, pictures: { 'small-picture': { width: 4, height: 56 } } }, count);
  const changedPictures = changed.flatMap(({ picture }) => (picture ? [picture] : []));
  expect(changedPictures).toEqual([
    { width: 4, height: 56, seed: 7 },
    { width: 140, height: 112, seed: 7 },
  ]);

  const short = await probeCases({ prompts: { ...prompts, maxTokens: 32 } }, count);
  expect(short.map(({ name }) => name)).toEqual(['short-text', 'text-31', 'text-32', 'small-picture', 'picture']);
});
