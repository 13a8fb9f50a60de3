import { expect, test } from 'vitest';
import { InvalidInputError } from '../errors';
import { checkEmbedOptions, toParts } from './inputs';
import type { EmbedInput, EmbedOptions } from './types';

const pixels = { width: 2, height: 1, data: new Uint8Array(6) };
const blob = new Blob(['x']);

test.each<[string, EmbedInput, object]>([
  ['a string is a text', 'a cat', { text: 'a cat' }],
  ['a Blob is an image', blob, { image: blob }],
  ['pixels are an image', pixels, { image: pixels }],
  ['both', { image: blob, text: 'a cat' }, { image: blob, text: 'a cat', instruction: undefined }],
  ['an image by its URL', { image: 'https://example.org/a.png' }, { image: 'https://example.org/a.png' }],
])('%s', (_, input, parts) => {
  expect(toParts(input, 'inputs[0]')).toEqual(parts);
});

test.each<[unknown, RegExp]>([
  [null, /inputs\[2\] is null/],
  [7, /inputs\[2\] is number/],
  [{}, /neither text nor image/],
  [['a.png'], /inputs\[2\] is a list; several pictures of one input are/],
  [{ text: 'a', picture: blob }, /inputs\[2\] has an unknown key 'picture'/],
  [{ text: 7 }, /inputs\[2\].text is number/],
  [{ image: null, text: 'a' }, /neither text nor image/],
])('%j is refused', (input, message) => {
  expect(() => toParts(input as EmbedInput, 'inputs[2]')).toThrow(InvalidInputError);
  expect(() => toParts(input as EmbedInput, 'inputs[2]')).toThrow(message);
});

test.each<[unknown, RegExp]>([
  [{ maxtokens: 3 }, /no option 'maxtokens'/],
  [{ maxTokens: 0 }, /maxTokens is 0/],
  [{ minPixels: 1.5 }, /minPixels is 1.5/],
  [{ minPixels: 9, maxPixels: 8 }, /exceeds/],
  [{ orientation: 'up' }, /orientation is 'up'/],
  [{ batching: 'none' as never }, /batching is 'none'/],
  [{ maxInputPixels: 0 }, /maxInputPixels is 0/],
])('options %j are refused', (options, message) => {
  expect(() => checkEmbedOptions(options as EmbedOptions)).toThrow(message);
});
