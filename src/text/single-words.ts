/**
 * @file Added tokens with `single_word: true`, which count only where no letter, mark, digit or connector touches them
 * (the rule of Rust's tokenizers). The tokenizer library finds added tokens anywhere, by their text. Here such a token
 * gets a name that no text has, and the cutting that gives the name is replaced.
 */
import type { Tokenizer as HfTokenizer } from '@huggingface/tokenizers';

export interface AddedToken {
  readonly content: string;
  readonly single_word?: boolean;
  readonly normalized?: boolean;
  readonly special?: boolean;
}

/** What is replaced of the library's tokenizer. The package is pinned; `tokenizer.test.ts` holds it to Python's ids. */
interface Inner {
  normalizer: ((text: string) => string) | null;
  splitter_unnormalized: { split(text: string): string[] };
  splitter_normalized: { split(text: string): string[] };
}

/** One character of a word at the text's end, and at its beginning: `\w` of Rust's regular expressions. */
const WORD = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]`;
const ENDS_WITH_WORD = new RegExp(`${WORD}$`, 'u');
const STARTS_WITH_WORD = new RegExp(`^${WORD}`, 'u');

/** The tokens as the library is to know them: single words by names of private-use characters. */
export function withNames<T extends AddedToken>(tokens: readonly T[]): T[] {
  return tokens.map((token, i) => (token.single_word ? { ...token, content: nameOf(i) } : token));
}

/** Makes `tokenizer`, built with {@link withNames}, find `tokens` as Rust's does. */
export function findSingleWords(tokenizer: HfTokenizer, tokens: readonly AddedToken[]): void {
  if (!tokens.some((token) => token.single_word)) return;
  const inner = tokenizer as unknown as Inner;
  const { normalizer } = inner;
  const isNormalized = (token: AddedToken): boolean => (token.normalized ?? !token.special) && normalizer !== null;
  const entries = tokens.map((token, i) => ({ token, name: token.single_word ? nameOf(i) : null }));
  inner.splitter_unnormalized = splitter(
    entries.filter(({ token }) => !isNormalized(token)).map(({ token, name }) => [token.content, name]),
  );
  inner.splitter_normalized = splitter(
    entries.filter(({ token }) => isNormalized(token)).map(({ token, name }) => [normalizer!(token.content), name]),
  );
}

function nameOf(index: number): string {
  return `\uf8fe${index}\uf8ff`;
}

/** @param tokens text and, for single words, name */
function splitter(tokens: readonly [string, string | null][]): { split(text: string): string[] } {
  const names = new Map(tokens);
  const longestFirst = [...names.keys()].filter((content) => content !== '').sort((a, b) => b.length - a.length);
  if (longestFirst.length === 0) return { split: (text) => (text === '' ? [] : [text]) };
  const pattern = new RegExp(longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
  return {
    split(text) {
      const sections: string[] = [];
      let start = 0; // of the text that no token has taken
      for (const { 0: content, index } of text.matchAll(pattern)) {
        const end = index + content.length;
        const name = names.get(content) ?? null;
        if (name !== null && (ENDS_WITH_WORD.test(text.slice(0, index)) || STARTS_WITH_WORD.test(text.slice(end)))) {
          continue; // as in Rust, nothing else is looked for within
        }
        if (index > start) sections.push(text.slice(start, index));
        sections.push(name ?? content);
        start = end;
      }
      if (start < text.length) sections.push(text.slice(start));
      return sections;
    },
  };
}
