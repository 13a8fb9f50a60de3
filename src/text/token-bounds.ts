/**
 * @file How few tokens a text can have, from the vocabulary alone: texts far beyond a limit are told from others without
 * tokenizing them, which takes seconds for each million characters and cannot be interrupted.
 *
 * A token of L characters can only hold characters whose longest token has L or more. So if each character counts as
 * 1 / (the length of the longest token that contains it), what one token holds counts as 1 at most, and the sum over a
 * text is never more than the number of its tokens.
 */

import { isRecord } from '../arguments';

type Json = Record<string, unknown>;

/** What the sum is made of; see {@link tokenBounds}. */
export interface TokenBounds {
  /**
   * Where `text` surely has more than this many tokens, added tokens included: a position in UTF-16 units, such that
   * the text up to there does. Null if it may have fewer.
   */
  reach(text: string, tokens: number): number | null;
  /**
   * The first place at or after this one that no token spans, whatever follows, and before which all ids stay the same
   * if the text ends there; null if there is none. That is between a Latin letter and a space.
   */
  seam(text: string, from: number): number | null;
}

export interface BoundedTokenizer {
  /** `tokenizer.json`; of its model, all but vocabulary and merges. */
  readonly tokenizer: Json;
  readonly config: Json;
  /** The vocabulary's tokens, as the file spells them. */
  vocabulary(): Iterable<string>;
  readonly added: readonly { readonly content: string; readonly lstrip?: unknown; readonly rstrip?: unknown }[];
}

/** UTF-16 units that are normalized at once. */
const PIECE = 2 ** 14;
/**
 * Bytes by which two pieces, each in NFC, may exceed the NFC of the whole: where they meet, a character of four code
 * points may form, of up to four bytes each.
 */
const SEAM_BYTES = 16;
const ASCII = 128;

/**
 * Null for tokenizers of other kinds: those that may drop or shorten parts of a text, or that have one token for any
 * number of unknown characters. The vocabulary is not looked through before it is needed.
 */
export function tokenBounds(given: BoundedTokenizer): TokenBounds | null {
  const kind = kindOf(given);
  if (kind === null) return null;
  let weights: Weights | null | undefined;
  const get = () => (weights === undefined ? (weights = weigh(given, kind)) : weights);
  const trims = given.added.some(({ lstrip, rstrip }) => Boolean(lstrip) || Boolean(rstrip));
  return {
    reach(text, tokens) {
      if (text.length <= tokens) return null;
      const found = get();
      if (found === null) return null;
      let sum = 0;
      for (let start = 0; start < text.length; start += PIECE) {
        let piece = text.slice(start, start + PIECE);
        if (kind.nfc) piece = piece.normalize('NFC');
        if (trims) piece = piece.replace(/\s+/g, ''); // beside an added token, any amount of it counts as nothing
        sum += Math.max(0, sumOf(piece, found, kind) - (kind.nfc && start > 0 ? SEAM_BYTES : 0));
        if (sum > tokens + 1) return Math.min(start + PIECE, text.length); // 1: far more than rounding adds up to
      }
      return null;
    },
    seam(text, from) {
      if (get()?.hasSeams !== true) return null;
      const pattern = /[A-Za-z](?= )/g;
      pattern.lastIndex = from;
      return pattern.test(text) ? pattern.lastIndex : null;
    },
  };
}

interface Kind {
  /** Tokens are of bytes, each written as one character. */
  bytes: boolean;
  nfc: boolean;
}

function kindOf({ tokenizer, config }: BoundedTokenizer): Kind | null {
  const { model, normalizer = null, pre_tokenizer: splitting = null } = tokenizer;
  if (config.remove_space === true || Boolean(config.do_lowercase_and_remove_accent)) return null;
  if (!isRecord(model) || model.type !== 'BPE') return null;
  if (Boolean(model.continuing_subword_prefix) || Boolean(model.end_of_word_suffix)) return null;
  const normalizers = listOf(normalizer, 'normalizers');
  const isNfc = (each: Json) => each.type === 'NFC';
  const isSpaceMark = ({ type, pattern, content }: Json) =>
    type === 'Replace' && isRecord(pattern) && pattern.String === ' ' && content === SPACE_MARK;
  if (!normalizers?.every((each) => isNfc(each) || isSpaceMark(each) || each.type === 'Prepend')) return null;
  const splitters = listOf(splitting, 'pretokenizers');
  const isSplit = ({ type, behavior, invert }: Json) => type === 'Split' && behavior === 'Isolated' && !invert;
  const isBytes = ({ type, use_regex: split }: Json) => type === 'ByteLevel' && split === false;
  if (!splitters?.every((each) => isSplit(each) || isBytes(each))) return null;
  const bytes = splitters.some(isBytes);
  if (!bytes && model.byte_fallback !== true) return null;
  return { bytes, nfc: normalizers.some(isNfc) };
}

/** The parts of a `Sequence`, or the one that is there; null for what is neither. */
function listOf(value: unknown, parts: string): Json[] | null {
  if (value === null) return [];
  if (!isRecord(value)) return null;
  if (value.type !== 'Sequence') return [value];
  const list = value[parts];
  return Array.isArray(list) && list.every(isRecord) ? list : null;
}

/** What a space becomes in vocabularies that are not of bytes. */
const SPACE_MARK = '\u2581';

interface Weights {
  /** What each ASCII character counts. // [128] */
  readonly ascii: Float64Array;
  /** What each byte, or character, of all others counts. */
  readonly other: number;
  readonly hasSeams: boolean;
}

function weigh({ vocabulary, added }: BoundedTokenizer, { bytes }: Kind): Weights | null {
  const longest = new Float64Array(ASCII + 1).fill(1); // the last for all that is not ASCII
  const codes = bytes ? codesOfBytes() : new Map([[SPACE_MARK, 0x20]]);
  const single = new Set<string>();
  let hasSeams = true;
  const note = (token: string, length: number, isAdded: boolean) => {
    let wasLetter = false;
    for (const character of token) {
      const code = (isAdded ? undefined : codes.get(character)) ?? character.codePointAt(0)!;
      if (code < ASCII) longest[code] = Math.max(longest[code]!, length);
      if (code >= ASCII || character === SPACE_MARK) longest[ASCII] = Math.max(longest[ASCII]!, length);
      if (wasLetter && code === 0x20) hasSeams = false;
      wasLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
    }
  };
  for (const token of vocabulary()) {
    if (bytes ? token.length === 1 : token.length === 6) single.add(token);
    note(token, token.length, false);
  }
  // Every byte must have a token, or unknown characters could be one token, or none.
  const needed = bytes ? [...codes.keys()] : Array.from({ length: 256 }, (_, byte) => byteToken(byte));
  if (!needed.every((token) => single.has(token))) return null;
  for (const { content } of added) {
    for (const form of [content, content.normalize('NFC')]) {
      note(form, bytes ? new TextEncoder().encode(content).length : content.length, true);
    }
  }
  return { ascii: longest.slice(0, ASCII).map((length) => 1 / length), other: 1 / longest[ASCII]!, hasSeams };
}

function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

/** GPT-2's spelling of bytes: those with a visible Latin-1 character as that, the others from U+0100 on. */
function codesOfBytes(): Map<string, number> {
  const isVisible = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let others = 0;
  return new Map(
    Array.from({ length: 256 }, (_, byte) => [String.fromCharCode(isVisible(byte) ? byte : 0x100 + others++), byte]),
  );
}

function sumOf(piece: string, { ascii, other }: Weights, { bytes }: Kind): number {
  let sum = 0;
  for (let i = 0; i < piece.length; i++) {
    const unit = piece.charCodeAt(i);
    // UTF-8 has two bytes for each half of a surrogate pair.
    const isTwo = unit < 0x800 || (unit >= 0xd800 && unit < 0xe000);
    sum += unit < ASCII ? ascii[unit]! : other * (bytes ? (isTwo ? 2 : 3) : 1);
  }
  return sum;
}
