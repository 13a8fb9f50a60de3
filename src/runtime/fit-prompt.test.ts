import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../errors';
import { tokenizerFiles } from '../testing/fixtures';
import { loadTokenizer } from '../text';
import { fitPrompt, type PromptToFit } from './fit-prompt';

const tokenizer = await loadTokenizer(tokenizerFiles('small'));
const words = (n: number) => ' a'.repeat(n);
const most = 400;
/** `before` and `behind` are the words of the template. */
const prompt = (text: string, { before = '', behind = '', images = [] as number[] } = {}): PromptToFit => ({
  text,
  images,
  pictureOptions: ['minPixels', 'maxPixels'],
  encode: (shown = '') => ({
    ids: [
      ...new Array<number>(images.reduce((a, b) => a + b, 0)).fill(0),
      ...tokenizer.encode(before + shown + behind),
    ],
    images: [],
  }),
});

test("a text above the model's limit is refused with the figures", () => {
  expect(fitPrompt(prompt(words(400)), { most, cut: 'end' }).ids).toHaveLength(400);
  for (const cut of ['end', 'text'] as const) {
    expect(() => fitPrompt(prompt(words(401)), { most, cut })).toThrow(/401 tokens long; the model takes at most 400/);
  }
  expect(() => fitPrompt(prompt(''), { most, cut: 'end' })).toThrow(/gives no tokens/);
});

test("above the caller's limit a raw prompt is cut at its end", () => {
  const cut = fitPrompt(prompt(words(50)), { most, maxTokens: 7, cut: 'end' });
  expect(cut.ids).toEqual(tokenizer.encode(words(50)).slice(0, 7));
  expect(fitPrompt(prompt(words(7)), { most, maxTokens: 7, cut: 'end' }).ids).toHaveLength(7);
});

test('in a template the text is cut by as little as possible, and what surrounds it is not cut', () => {
  const around = { before: 'Query:', behind: '<|im_end|>' };
  const own = tokenizer.encode('Query:<|im_end|>').length;
  for (const room of [1, 2, 9, 49]) {
    const { ids } = fitPrompt(prompt(words(50), around), { most, maxTokens: own + room, cut: 'text' });
    expect(ids).toEqual(tokenizer.encode(`Query:${words(room)}<|im_end|>`));
  }
  expect(() => fitPrompt(prompt(words(50), around), { most, maxTokens: own, cut: 'text' })).toThrow(/no room/);
});

test('only the beginning of a text that is far too long is tokenized again', () => {
  let characters = 0;
  const long = words(20_000);
  const asked: PromptToFit = {
    ...prompt(long),
    encode: (shown = '') => {
      characters += shown.length;
      return { ids: tokenizer.encode(`${shown}.`), images: [] };
    },
  };
  const { ids } = fitPrompt(asked, { most, maxTokens: 11, cut: 'text' });
  expect(ids).toEqual(tokenizer.encode(`${words(10)}.`));
  expect(characters - long.length).toBeLessThan(1000);
});

test('a text is never cut within a character', () => {
  const emoji = '👩‍🚀'.repeat(20);
  const seen: string[] = [];
  const asked: PromptToFit = {
    text: emoji,
    images: [],
    pictureOptions: [],
    encode: (shown = '') => {
      seen.push(shown);
      return { ids: tokenizer.encode(`${shown}.`), images: [] };
    },
  };
  fitPrompt(asked, { most, maxTokens: 11, cut: 'text' });
  expect(seen.filter((text) => !text.isWellFormed())).toEqual([]);
});

test('pictures are never cut', () => {
  const limits = { most, maxTokens: 21, cut: 'end' as const };
  expect(fitPrompt(prompt(' a', { images: [20] }), limits).ids).toHaveLength(21);
  expect(() => fitPrompt(prompt(' a a', { images: [12, 8] }), limits)).toThrow(
    /22 tokens long, 20 of them for the image/,
  );
  const tooMany = () => fitPrompt(prompt(' a', { images: [400] }), { most, cut: 'text' });
  expect(tooMany).toThrow(InvalidInputError);
  expect(tooMany).toThrow(/Lower maxPixels, or shorten the text\.$/);
  expect(tooMany).toThrow(expect.objectContaining({ details: { tokens: 401, imageTokens: 400, maxTokens: 400 } }));
});

test.each([
  [['numCrops'] as const, /is 400\. Lower numCrops, or shorten the text\.$/],
  [[], /is 400\. Shorten the text\.$/],
])('advice names the options that the model has: %j', (pictureOptions, advice) => {
  const asked = { ...prompt(' a', { images: [400] }), pictureOptions };
  expect(() => fitPrompt(asked, { most, cut: 'end' })).toThrow(advice);
});

describe('a text that is surely too long', () => {
  const long = words(20_000);
  /** The same, asked beforehand; counts the characters that are tokenized. */
  const asked = () => {
    const plain = prompt(long, { behind: '<|im_end|>' });
    const seen = { characters: 0 };
    const encode = (shown = '') => {
      seen.characters += shown.length;
      return plain.encode(shown);
    };
    const whole = `${long}<|im_end|>`;
    const isLonger = (tokens: number) => tokenizer.isLonger(whole, tokens);
    const encodeBeginning = (tokens: number) => {
      const beginning = tokenizer.beginning(whole, tokens);
      seen.characters += beginning.length;
      return { ids: tokenizer.encode(beginning), images: [] };
    };
    return { plain, seen, prompt: { ...plain, encode, isLonger, encodeBeginning } };
  };

  test('is refused without being tokenized', () => {
    const { seen, prompt: given } = asked();
    expect(() => fitPrompt(given, { most, cut: 'end' })).toThrow(InvalidInputError);
    expect(() => fitPrompt(given, { most, cut: 'text' })).toThrow(
      /has 40000 characters, .* at most 400\. .* set maxTokens/,
    );
    expect(() => fitPrompt({ ...given, images: [9] }, { most, maxTokens: 20, cut: 'text' })).toThrow(/20 tokens/);
    expect(() => fitPrompt({ ...given, text: 'a', characters: 99_999 }, { most, cut: 'end' })).toThrow(
      /has 99999 char/,
    );
    expect(seen.characters).toBe(0);
  });

  test.each([
    ['at the end of the ids', { most, maxTokens: 7, cut: 'end' }],
    ['at the end of the text', { most, maxTokens: 7, cut: 'text' }],
    ['where the recipe cuts', { most, cut: 'text', overlong: true }],
  ] as const)('is cut as any other, %s', (_, limits) => {
    const { plain, seen, prompt: given } = asked();
    expect(fitPrompt(given, limits)).toEqual(fitPrompt(plain, limits));
    expect(seen.characters).toBeLessThan(30_000);
  });
});
