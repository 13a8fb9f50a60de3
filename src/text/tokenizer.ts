/**
 * @file The checkpoint's own tokenizer, by the library that transformers.js is built on: the same code, without
 * ONNX Runtime in tow.
 */
import { Tokenizer as HfTokenizer } from '@huggingface/tokenizers';
import { CheckpointFormatError, InvalidInputError, SourceNotFoundError } from '../errors';
import { checkRegexes, MAX_UNKNOWN_TEXT } from './safe-regex';

export interface Tokenizer {
  /** Token ids of `text`. Nothing is added; added tokens such as `<|image_pad|>` are recognised in it. */
  encode(text: string): number[];
}

const TOKENIZER = 'tokenizer.json';
const CONFIG = 'tokenizer_config.json';

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(path: string, bytes: Uint8Array): Json {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new CheckpointFormatError(`${path} is not JSON in UTF-8.`, { path }, { cause });
  }
  if (!isObject(value)) throw new CheckpointFormatError(`${path} holds no JSON object.`, { path });
  return value;
}

/** The added tokens of both files: transformers adds those that only `tokenizer_config.json` names. */
function addedTokens(tokenizer: Json, config: Json): Json[] {
  const listed = tokenizer.added_tokens ?? [];
  if (!Array.isArray(listed) || !listed.every((token) => isObject(token) && typeof token.content === 'string')) {
    throw new CheckpointFormatError(`${TOKENIZER}: "added_tokens" is not a list of tokens.`, { path: TOKENIZER });
  }
  const tokens = listed as Json[];
  const known = new Set(tokens.map((token) => token.content));
  const decoder = isObject(config.added_tokens_decoder) ? config.added_tokens_decoder : {};
  for (const [id, token] of Object.entries(decoder)) {
    if (isObject(token) && typeof token.content === 'string' && !known.has(token.content)) {
      tokens.push({ ...token, id: Number(id) });
    }
  }
  return tokens;
}

/**
 * Builds the tokenizer from the checkpoint's files, by file name; `tokenizer.json` is needed,
 * `tokenizer_config.json` is used where it is there.
 * Rejects with {@link SourceNotFoundError} or {@link CheckpointFormatError}.
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
  try {
    tokenizer = new HfTokenizer({ ...tokenizerJson, added_tokens: addedTokens(tokenizerJson, config) }, config);
  } catch (cause) {
    if (cause instanceof CheckpointFormatError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CheckpointFormatError(`${TOKENIZER} describes no usable tokenizer: ${reason}`, { reason }, { cause });
  }
  return {
    encode: (text) => {
      if (!isKnown && text.length > MAX_UNKNOWN_TEXT) {
        throw new InvalidInputError(
          `The text has ${text.length} characters; this tokenizer's pattern is safe up to ${MAX_UNKNOWN_TEXT}.`,
          { limit: MAX_UNKNOWN_TEXT },
        );
      }
      return tokenizer.encode(text, { add_special_tokens: false }).ids;
    },
  };
}
