/** @file Patterns that hang are refused before they run; those of real tokenizers are not. */
import { describe, expect, test } from 'vitest';
import { InvalidInputError, UnsupportedError } from '../errors';
import { tokenizerFiles } from '../testing/fixtures';
import { loadTokenizer } from './index';
import { checkRegexes, MAX_UNKNOWN_TEXT } from './safe-regex';

const check = (source: string) => checkRegexes({ pre_tokenizer: { pattern: { Regex: source } } });

test.each([
  '(a+)+$',
  '(a|a)*$',
  '(a|aa)+$',
  '(?:a*)*b',
  '(?:(?:a+))+b',
  '([a-z]+)*=',
  '(.*)*x',
  'a*a*a*a*a*b',
  '(?:a*|b)(?:a*)c',
  '\\w*\\d*\\p{L}*!',
  '(?=(a+)+$)a',
  '(?<=(a+)+)b',
  '(a{1,30}){1,30}$',
  '(?:a?){40}a{40}',
  '(a*)\\1b',
  '(?>a+)+b',
  '[[a]+]+',
  '(',
  '['.repeat(3000),
  '('.repeat(1900),
])('%s is refused', (source) => {
  expect(() => check(source)).toThrow(UnsupportedError);
});

test.each([
  ["GPT-2's", String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`],
  ['digits', String.raw`\p{N}{1,3}`],
  [
    "DeepSeek's",
    String.raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_${'`'}{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*`,
  ],
  ['one', ' '],
])('%s pattern is used, on short texts', (_, source) => {
  expect(check(source)).toBe(false);
});

describe('a tokenizer', () => {
  const small = () => JSON.parse(new TextDecoder().decode(tokenizerFiles('small').get('tokenizer.json'))) as object;
  const load = (more: object) =>
    loadTokenizer(new Map([['tokenizer.json', new TextEncoder().encode(JSON.stringify({ ...small(), ...more }))]]));

  test('of Qwen2 takes texts of any length', async () => {
    expect(checkRegexes(small())).toBe(true);
    expect((await load({})).encode(' '.repeat(3 * MAX_UNKNOWN_TEXT)).length).toBeGreaterThan(0);
  });

  test.each(['normalizer', 'pre_tokenizer'])(
    'with a pattern that hangs in its %s is refused, and nothing hangs',
    async (key) => {
      const part = {
        type: key === 'normalizer' ? 'Replace' : 'Split',
        pattern: { Regex: '(a+)+$' },
        content: '',
        behavior: 'Isolated',
      };
      await expect(load({ [key]: { type: 'Sequence', normalizers: [part], pretokenizers: [part] } })).rejects.toThrow(
        UnsupportedError,
      );
    },
  );

  test('with an unknown pattern is quick on the longest text that it takes', async () => {
    const tokenizer = await load({ normalizer: { type: 'Replace', pattern: { Regex: 'a+b' }, content: 'b' } });
    const began = performance.now();
    expect(tokenizer.encode('a'.repeat(MAX_UNKNOWN_TEXT)).length).toBeGreaterThan(0);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(() => tokenizer.encode('a'.repeat(MAX_UNKNOWN_TEXT + 1))).toThrow(InvalidInputError);
  });
});
