/**
 * @file The checkpoint's own tokenizer, by the library that transformers.js is built on: the same code, without
 * ONNX Runtime in tow.
 */
import { Tokenizer as HfTokenizer } from '@huggingface/tokenizers';
import { isRecord } from '../arguments';
import {
  CheckpointFormatError,
  InvalidInputError,
  SourceNotFoundError,
  UnsupportedError,
  VLM2VecError,
} from '../errors';
import { fillBpe, takeBpeTables } from './compact-bpe';
import { checkRegexes, MAX_UNKNOWN_TEXT } from './safe-regex';
import { findSingleWords, withNames, type AddedToken } from './single-words';
import { tokenBounds, type TokenBounds } from './token-bounds';

export interface Tokenizer {
  /**
   * Token ids of `text`. Nothing is added; added tokens such as `<|image_pad|>` are recognised in it.
   * @throws InvalidInputError for a text of more than {@link MAX_TEXT} UTF-16 units
   */
  encode(text: string): number[];
  /** Whether `text` surely has more than this many tokens, as far as that is known without tokenizing it. */
  isLonger(text: string, tokens: number): boolean;
  /** A beginning of `text` whose ids begin as those of `text` do, and are more than this many; or all of it. */
  beginning(text: string, tokens: number): string;
}

/**
 * The longest text that is tokenized, in UTF-16 units: more than 32,768 tokens of 128 spaces, the longest that Qwen2 has.
 * Nothing can stop a tokenizer, and it takes seconds for each million.
 */
export const MAX_TEXT = 2 ** 22;
/** Shorter texts are simply tokenized. */
const LONG_TEXT = 2 ** 15;

const TOKENIZER = 'tokenizer.json';
const CONFIG = 'tokenizer_config.json';

type Json = Record<string, unknown>;

function parseJson(path: string, bytes: Uint8Array): Json {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new CheckpointFormatError(`${path} is not JSON in UTF-8.`, { path }, { cause });
  }
  if (!isRecord(value)) throw new CheckpointFormatError(`${path} does not contain a JSON object.`, { path });
  return value;
}

/** Flags of an added token that change where it is found. */
const FLAGS = ['single_word', 'lstrip', 'rstrip', 'normalized', 'special'] as const;

interface AddedTokenJson extends AddedToken, Json {
  content: string;
}

/**
 * The added tokens of both files. transformers adds those that only `tokenizer_config.json` names, and takes its flags
 * for those that both do. A token that the model's vocabulary has keeps the vocabulary's id.
 */
function addedTokens(tokenizer: Json, config: Json): AddedTokenJson[] {
  const listed = tokenizer.added_tokens ?? [];
  const isToken = (value: unknown): value is AddedTokenJson => isRecord(value) && typeof value.content === 'string';
  if (!Array.isArray(listed) || !listed.every(isToken)) {
    throw new CheckpointFormatError(`${TOKENIZER}: "added_tokens" is not a list of tokens.`, { path: TOKENIZER });
  }
  const tokens = new Map(listed.map((token) => [token.content, token]));
  const decoder = isRecord(config.added_tokens_decoder) ? config.added_tokens_decoder : {};
  for (const [id, token] of Object.entries(decoder)) {
    if (!isToken(token)) continue;
    const known = tokens.get(token.content);
    const flags = Object.fromEntries(FLAGS.flatMap((key) => (token[key] === undefined ? [] : [[key, token[key]]])));
    tokens.set(token.content, known ? { ...known, ...flags } : { ...token, id: Number(id) });
  }
  const model = isRecord(tokenizer.model) && isRecord(tokenizer.model.vocab) ? tokenizer.model.vocab : {};
  return [...tokens.values()].map((token) => {
    const id = Object.hasOwn(model, token.content) ? model[token.content] : undefined;
    return typeof id === 'number' ? { ...token, id } : token;
  });
}

/** @throws UnsupportedError for settings that would give other ids, or other ids each time. */
function refuseOtherIds(tokenizer: Json, config: Json): void {
  if (config.split_special_tokens === true) {
    throw new UnsupportedError(`${CONFIG}: split_special_tokens is true, which is not supported.`);
  }
  const dropout = isRecord(tokenizer.model) ? (tokenizer.model.dropout ?? 0) : 0;
  if (dropout !== 0)
    throw new UnsupportedError(`${TOKENIZER}: a dropout of ${JSON.stringify(dropout)} is not supported.`);
}

/**
 * Builds the tokenizer from the checkpoint's files, by file name; `tokenizer.json` is needed,
 * `tokenizer_config.json` is used where it is there.
 * Rejects with {@link SourceNotFoundError}, {@link CheckpointFormatError} or {@link UnsupportedError}.
 */
export async function loadTokenizer(files: ReadonlyMap<string, Uint8Array>): Promise<Tokenizer> {
  const bytes = files.get(TOKENIZER);
  if (bytes === undefined) {
    const found = [...files.keys()].join(', ') || 'nothing';
    throw new SourceNotFoundError(`There is no ${TOKENIZER} among the tokenizer's files (${found}).`, { found });
  }
  const tokenizerJson = parseJson(TOKENIZER, bytes);
  const configBytes = files.get(CONFIG);
  const config = configBytes === undefined ? {} : parseJson(CONFIG, configBytes);
  const isKnown = checkRegexes(tokenizerJson);
  let tokenizer: HfTokenizer;
  let bounds: TokenBounds | null;
  try {
    refuseOtherIds(tokenizerJson, config);
    const added = addedTokens(tokenizerJson, config);
    const bpe = takeBpeTables(tokenizerJson);
    tokenizer = new HfTokenizer({ ...(bpe?.rest ?? tokenizerJson), added_tokens: withNames(added) }, config);
    if (bpe) fillBpe(tokenizer, bpe.tables);
    findSingleWords(tokenizer, added);
    bounds = tokenBounds({
      tokenizer: bpe?.rest ?? tokenizerJson,
      config,
      vocabulary: () => vocabularyOf(tokenizer),
      added,
    });
  } catch (cause) {
    if (cause instanceof VLM2VecError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CheckpointFormatError(
      `${TOKENIZER} does not describe a usable tokenizer: ${reason}`,
      { reason },
      { cause },
    );
  }
  return {
    encode: (text) => {
      if (!isKnown && text.length > MAX_UNKNOWN_TEXT) {
        throw new InvalidInputError(
          `The text has ${text.length} characters; this tokenizer's pattern is safe up to ${MAX_UNKNOWN_TEXT}.`,
          { characters: text.length, limit: MAX_UNKNOWN_TEXT },
        );
      }
      if (text.length > MAX_TEXT) {
        throw new InvalidInputError(
          `The text has ${text.length} characters; at most ${MAX_TEXT} are tokenized. Shorten it.`,
          { characters: text.length, limit: MAX_TEXT },
        );
      }
      return tokenizer.encode(text, { add_special_tokens: false }).ids;
    },
    isLonger: (text, tokens) => text.length > LONG_TEXT && (bounds?.reach(text, tokens) ?? null) !== null,
    beginning: (text, tokens) => {
      if (text.length <= LONG_TEXT || bounds === null || !isKnown) return text;
      const reached = bounds.reach(text, tokens);
      const end = reached === null ? null : bounds.seam(text, reached);
      return end === null ? text : text.slice(0, end);
    },
  };
}

function vocabularyOf(tokenizer: HfTokenizer): Iterable<string> {
  return (tokenizer as unknown as { model: { tokens_to_ids: Map<string, number> } }).model.tokens_to_ids.keys();
}
