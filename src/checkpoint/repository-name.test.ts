import { expect, test } from 'vitest';
import { parseRepository } from './repository-name';

test.each([
  ['owner/name', { repo: 'owner/name' }],
  ['TIGER-Lab/VLM2Vec-Qwen2VL-2B@main', { repo: 'TIGER-Lab/VLM2Vec-Qwen2VL-2B', revision: 'main' }],
  ['a.b/c_d@refs/pr/1', { repo: 'a.b/c_d', revision: 'refs/pr/1' }],
  ['name', null],
  ['owner/name/folder', null],
  ['owner/name@', null],
  ['owner/name@/x', null],
  ['https://huggingface.co/owner/name', null],
  ['owner/na me', null],
])('%s', (text, expected) => {
  expect(parseRepository(text)).toEqual(expected);
});
