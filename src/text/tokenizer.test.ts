/** @file Token ids against HF's own, and files that are no tokenizer. */
import { describe, expect, test } from 'vitest';
import { CheckpointFormatError, SourceNotFoundError, UnsupportedError } from '../errors';
import { expectedInputs, fixtureInputs, singleWordCases, tokenizerCases, tokenizerFiles } from '../testing/fixtures';
import { loadTokenizer } from './index';

describe.each(['small', 'qwen'] as const)('the %s tokenizer', (which) => {
  test('gives HF’s ids for every string', async () => {
    const tokenizer = await loadTokenizer(tokenizerFiles(which));
    const cases = tokenizerCases(which);
    expect(cases.length).toBeGreaterThan(200);
    for (const { text, ids } of cases) expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
  });
});

test('gives the ids of every text input of the fixtures', async () => {
  const tokenizer = await loadTokenizer(tokenizerFiles('small'));
  const expected = expectedInputs();
  for (const { id, text, image } of fixtureInputs()) {
    if (image === null) expect(tokenizer.encode(text), id).toEqual(expected.get(id)!.ids);
  }
});

const text = (value: string) => new TextEncoder().encode(value);
const small = () =>
  JSON.parse(new TextDecoder().decode(tokenizerFiles('small').get('tokenizer.json'))) as {
    added_tokens: { content: string }[];
  };

test('needs only tokenizer.json', async () => {
  const files = tokenizerFiles('small');
  const both = await loadTokenizer(files);
  const alone = await loadTokenizer(new Map([['tokenizer.json', files.get('tokenizer.json')!]]));
  for (const { text: string } of tokenizerCases('small')) expect(alone.encode(string)).toEqual(both.encode(string));
});

test('knows added tokens that only tokenizer_config.json names', async () => {
  const files = tokenizerFiles('small');
  const json = small();
  json.added_tokens = json.added_tokens.filter(({ content }) => content !== '<|image_pad|>');
  const without = new Map(files).set('tokenizer.json', text(JSON.stringify(json)));
  const ids = (await loadTokenizer(files)).encode('a<|image_pad|>b');
  expect((await loadTokenizer(without)).encode('a<|image_pad|>b')).toEqual(ids);
});

describe.each(singleWordCases())('added tokens $added.0.content, $added.1.content', ({ added, cases }) => {
  const json = { ...small(), added_tokens: [...small().added_tokens, ...added] };
  const files = () => new Map(tokenizerFiles('small')).set('tokenizer.json', text(JSON.stringify(json)));

  test('count where Python’s tokenizers finds them', async () => {
    const tokenizer = await loadTokenizer(files());
    for (const { text: string, ids } of cases) expect(tokenizer.encode(string), JSON.stringify(string)).toEqual(ids);
  });

  test('found anywhere, they give other ids', async () => {
    const anywhere = { ...json, added_tokens: json.added_tokens.map((token) => ({ ...token, single_word: false })) };
    const tokenizer = await loadTokenizer(files().set('tokenizer.json', text(JSON.stringify(anywhere))));
    const differ = cases.filter(({ text: string, ids }) => String(tokenizer.encode(string)) !== String(ids));
    expect(differ.length).toBeGreaterThan(0);
  });
});

test('of a token in both files, the flags of tokenizer_config.json count, as in transformers', async () => {
  const token = { id: 736, content: 'cat', lstrip: false, rstrip: false, normalized: false, special: false };
  const bobcat = async (inTokenizer: boolean, inConfig: boolean) => {
    const files = tokenizerFiles('small');
    const json = { ...small(), added_tokens: [...small().added_tokens, { ...token, single_word: inTokenizer }] };
    const config = JSON.parse(new TextDecoder().decode(files.get('tokenizer_config.json'))) as {
      added_tokens_decoder: object;
    };
    config.added_tokens_decoder = { ...config.added_tokens_decoder, 736: { ...token, single_word: inConfig } };
    files.set('tokenizer.json', text(JSON.stringify(json))).set('tokenizer_config.json', text(JSON.stringify(config)));
    return (await loadTokenizer(files)).encode('bobcat');
  };
  // transformers 4.47's Qwen2TokenizerFast
  expect(await bobcat(false, true)).toEqual([65, 78, 65, 66, 268]);
  expect(await bobcat(true, false)).toEqual([65, 78, 65, 736]);
});

test('settings that would give other ids are refused', async () => {
  const files = () => new Map(tokenizerFiles('small'));
  const split = files().set('tokenizer_config.json', text('{"split_special_tokens": true}'));
  await expect(loadTokenizer(split)).rejects.toThrow(UnsupportedError);
  const model = { ...(small() as unknown as { model: object }).model, dropout: 0.1 };
  const dropout = files().set('tokenizer.json', text(JSON.stringify({ ...small(), model })));
  await expect(loadTokenizer(dropout)).rejects.toThrow(/dropout/);
});

test('adds nothing, even where the file would', async () => {
  const files = tokenizerFiles('small');
  const special = { SpecialToken: { id: '<|endoftext|>', type_id: 0 } };
  const postProcessor = {
    type: 'TemplateProcessing',
    single: [special, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [],
    special_tokens: {},
  };
  const adding = new Map(files).set(
    'tokenizer.json',
    text(JSON.stringify({ ...small(), post_processor: postProcessor })),
  );
  const ids = (await loadTokenizer(files)).encode('a cat');
  expect((await loadTokenizer(adding)).encode('a cat')).toEqual(ids);
});

test('what is not a tokenizer is named', async () => {
  await expect(loadTokenizer(new Map())).rejects.toThrow(SourceNotFoundError);
  await expect(loadTokenizer(new Map([['vocab.json', text('{}')]]))).rejects.toThrow(/\(vocab\.json\)/);
  const broken = [
    '',
    '[]',
    '{"model": 1}',
    'null',
    '{"added_tokens": 3}',
    '\u0000',
    JSON.stringify({ ...small(), model: {} }),
  ];
  for (const json of broken) {
    await expect(loadTokenizer(new Map([['tokenizer.json', text(json)]])), json.slice(0, 40)).rejects.toThrow(
      CheckpointFormatError,
    );
  }
  const invalid = new Map([['tokenizer.json', Uint8Array.of(0x7b, 0xff, 0x7d)]]);
  await expect(loadTokenizer(invalid)).rejects.toThrow(/UTF-8/);
});
