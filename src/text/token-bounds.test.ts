/** @file The bounds against the tokenizer's own ids: never more than there are, and not far less. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { fixturePath, tokenizerCases, tokenizerFiles } from '../testing/fixtures';
import { loadTokenizer, MAX_TEXT, type Tokenizer } from './index';

const checkpoint = (name: string) =>
  new Map(
    ['tokenizer.json', 'tokenizer_config.json'].map((file) => [
      file,
      new Uint8Array(readFileSync(fixturePath(`checkpoints/${name}/${file}`))),
    ]),
  );
const kinds = {
  qwen: () => tokenizerFiles('qwen'),
  small: () => tokenizerFiles('small'),
  'llava-next': () => checkpoint('tiny-llava-next'),
  'phi3-v': () => checkpoint('tiny-phi3-v'),
  siglip2: () => checkpoint('tiny-siglip2'),
};
/** Where normalizing, trimming, long tokens or added tokens make few tokens of many characters. */
const HARD = [
  ...[
    ' ',
    '\n',
    '\t',
    '=',
    '-',
    'a',
    'e\u0301',
    '\u1100\u1161\u11a8',
    '\u03b1\u0313\u0300\u0345',
    '\u212a',
    '\u{1f469}',
  ],
  ...[
    '漢字',
    'ж',
    'é',
    '\ud800',
    '\u2581',
    '\ufffd',
    '<|im_end|>',
    '<|assistant|>  \n \u00a0 ',
    '</s>   ',
    '<0x0A>',
    'System',
  ],
];
/** Long enough to be looked at. */
const long = (text: string, units = 40_000) => text.repeat(Math.ceil(units / text.length));

describe.each(Object.entries(kinds))('%s', (_, files) => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await loadTokenizer(files());
  });

  test('no text is said to have more tokens than it has', () => {
    const texts = [
      ...HARD.map((text) => long(text)),
      long(
        tokenizerCases('qwen')
          .map(({ text }) => text)
          .join('\n'),
      ),
    ];
    for (const text of texts) {
      const count = tokenizer.encode(text).length;
      expect(tokenizer.isLonger(text, count), JSON.stringify(text.slice(0, 20))).toBe(false);
    }
  });

  test('a beginning has the first ids', () => {
    const text = long(
      'The quick brown fox, and e\u0301tudes of 漢字, jump\n\n over <|im_end|> 32 lazy dogs . ',
      120_000,
    );
    const beginning = tokenizer.beginning(text, 77);
    expect(beginning.length).toBeLessThan(40_000);
    const ids = tokenizer.encode(beginning);
    expect(ids.length).toBeGreaterThan(77);
    expect(tokenizer.encode(text).slice(0, ids.length)).toEqual(ids);
    // Without a place to cut at, nothing is.
    expect(tokenizer.beginning(long('漢字'), 77)).toBe(long('漢字'));
  });

  test('a text far beyond a limit is known for it at once', () => {
    const text = long('The quick brown fox jumps over the lazy dog. ', 60_000_000);
    const began = performance.now();
    expect(tokenizer.isLonger(text, 32_768)).toBe(true);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(() => tokenizer.encode(text)).toThrow(`at most ${MAX_TEXT} are tokenized`);
  });
});

test('a tokenizer that may shorten texts, or has one token for many characters, has no bounds', async () => {
  const files = kinds.siglip2();
  const json = JSON.parse(new TextDecoder().decode(files.get('tokenizer.json'))) as {
    normalizer: unknown;
    model: { byte_fallback: boolean; vocab: Record<string, number> };
  };
  const text = long('word ');
  const isLonger = async (changed: object) => {
    const bytes = new TextEncoder().encode(JSON.stringify({ ...json, ...changed }));
    return (await loadTokenizer(new Map(files).set('tokenizer.json', bytes))).isLonger(text, 100);
  };
  expect(await isLonger({})).toBe(true);
  const strip = { type: 'Strip', strip_left: true, strip_right: true };
  expect(await isLonger({ normalizer: { type: 'Sequence', normalizers: [json.normalizer, strip] } })).toBe(false);
  expect(await isLonger({ model: { ...json.model, byte_fallback: false } })).toBe(false);
  const vocab = Object.fromEntries(Object.entries(json.model.vocab).filter(([token]) => token !== '<0xE6>'));
  expect(await isLonger({ model: { ...json.model, vocab } })).toBe(false);
});

test('where a token spans a letter and a space, no place to cut at is known', async () => {
  const files = kinds.siglip2();
  const json = JSON.parse(new TextDecoder().decode(files.get('tokenizer.json'))) as {
    model: { vocab: Record<string, number> };
  };
  const text = long('word ');
  expect((await loadTokenizer(files)).beginning(text, 100).length).toBeLessThan(text.length);
  json.model.vocab['a\u2581b'] = Object.keys(json.model.vocab).length;
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  expect((await loadTokenizer(new Map(files).set('tokenizer.json', bytes))).beginning(text, 100)).toBe(text);
});
