/** @file What people type into a search box: words to search for, `+` for further ones, `-` for what to leave out. */

import { expectString } from '../../arguments';

/** The parts of what was typed. */
export interface ParsedQuery {
  /** Words and quotations without a sign, as one text to embed; '' if there are none. */
  text: string;
  /** `+snow`, `+"red car"`: each to be embedded separately and added. */
  also: string[];
  /** `-people`, `-"red car"`: each to be embedded separately and subtracted. */
  exclude: string[];
}

/** The minus signs that keyboards and word processors produce. */
const MINUS = '-\u2212\u2013';
const QUOTES: Record<string, string> = {
  '"': '"',
  '\u201c': '\u201d\u201f"',
  '\u201e': '\u201c\u201d"',
  '\u00ab': '\u00bb',
};

/**
 * Splits a typed query into its parts. It fails for no text: anything that makes no sense as a sign is treated as text. A
 * sign stands at the beginning of a word and directly before a letter, a digit, a symbol (😀) or a quotation mark, so
 * `t-shirt`, `2020 - 2022` and `:-)` are text. Inside quotation marks nothing is a sign; a quotation that is not closed
 * extends to the end.
 * @throws InvalidInputError if it is not a string
 */
export function parseQuery(input: string): ParsedQuery {
  expectString('parseQuery', 'input', input);
  const pieces = piecesOf(input);
  const of = (sign: QueryPiece['sign']) => pieces.flatMap((piece) => (piece.sign === sign ? piece.words : []));
  return { text: of('').join(' '), also: of('+'), exclude: of('-') };
}

/** A word or a quotation in a typed query. */
export interface QueryPiece {
  sign: '' | '+' | '-';
  /** Without quotation marks, with single spaces; not empty. */
  words: string;
  quoted: boolean;
}

/** Splits a typed query into words and quotations, in order. */
export function piecesOf(input: string): QueryPiece[] {
  const pieces: QueryPiece[] = [];
  for (let at = 0; at < input.length;) {
    if (/\s/.test(input[at]!)) {
      at++;
      continue;
    }
    const sign = signAt(input, at);
    const from = sign ? at + 1 : at;
    const [words, end] = wordsAt(input, from);
    at = end;
    if (words !== '') pieces.push({ sign: sign ?? '', words, quoted: QUOTES[input[from]!] !== undefined });
  }
  return pieces;
}

function signAt(input: string, at: number): '+' | '-' | null {
  const sign = input[at] === '+' ? '+' : MINUS.includes(input[at]!) ? '-' : null;
  if (!sign) return null;
  const next = input.slice(at + 1, at + 3);
  return QUOTES[next[0] ?? ''] || /^(?![+<>=|~^`$])[\p{L}\p{N}\p{S}]/u.test(next) ? sign : null;
}

/** The quotation or word that begins at `at`, with single spaces, and where it ends. */
function wordsAt(input: string, at: number): [string, number] {
  const closing = QUOTES[input[at]!];
  let end = at;
  if (closing) {
    end++;
    while (end < input.length && !closing.includes(input[end]!)) end++;
    return [
      input
        .slice(at + 1, end)
        .trim()
        .replace(/\s+/g, ' '),
      end + 1,
    ];
  }
  while (end < input.length && !/\s/.test(input[end]!)) end++;
  return [input.slice(at, end), end];
}
