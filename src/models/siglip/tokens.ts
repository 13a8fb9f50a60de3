/**
 * @file Texts as SigLIP 2 reads them: lower-cased, followed by `<eos>`, padded to the tower's length. The tokenizer's
 * own two files are checked to add nothing else.
 */

import { isJsonObject } from '../../checkpoint/json';
import { CheckpointMismatchError } from '../../errors';
import { MAX_TEXT, type Tokenizer } from '../../text';
import type { CheckpointFiles } from '../architecture';
import { missingOr, refuseOtherSettings, unsetOr } from '../settings';
import { siglip1 } from './config';

/** What is added to every text. */
export interface TextTokens {
  /** After the text, whether cut or not. */
  readonly endTokenId: number;
  readonly padTokenId: number;
}

const CONFIG = 'tokenizer_config.json';
const [END, PAD] = ['<eos>', '<pad>'];

/**
 * transformers' class for Gemma rebuilds the post_processor from two flags of `tokenizer_config.json`; other readers
 * use `tokenizer.json`. If the one does not say so, the other must; neither may say anything else.
 * @param vocabSize rows of the token table, among which the ids must be
 * @throws UnsupportedError if anything but `<eos>` is put around a text; CheckpointMismatchError for a missing token
 */
export function textTokens(
  { tokenizer, tokenizerConfig }: Pick<CheckpointFiles, 'tokenizer' | 'tokenizerConfig'>,
  vocabSize: number,
): TextTokens {
  const json = isJsonObject(tokenizer) ? tokenizer : {};
  const flags = tokenizerConfig ?? {};
  const type = isJsonObject(json.model) ? json.model.type : undefined;
  if (flags.tokenizer_class === 'SiglipTokenizer' || type === 'Unigram') {
    throw siglip1(
      type === 'Unigram' ? 'tokenizer.json: the model is Unigram' : `${CONFIG}: tokenizer_class is SiglipTokenizer`,
    );
  }
  const isToken = (content: string) => (value: unknown) =>
    unsetOr(content)(isJsonObject(value) ? (value.content ?? null) : value);
  refuseOtherSettings(
    flags,
    {
      do_lower_case: unsetOr(true),
      padding_side: missingOr('right'),
      eos_token: isToken(END),
      pad_token: isToken(PAD),
      ...(endsInFile(json.post_processor)
        ? { add_bos_token: unsetOr(false), add_eos_token: unsetOr(true) }
        : { add_bos_token: (value) => value === false, add_eos_token: (value) => value === true }),
    },
    { file: CONFIG },
  );
  const added = Array.isArray(json.added_tokens) ? json.added_tokens.filter(isJsonObject) : [];
  const idOf = (token: string): number => {
    const id = added.find(({ content }) => content === token)?.id;
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < vocabSize) return id;
    throw new CheckpointMismatchError(`tokenizer.json has no ${token} among the ${vocabSize} rows of the table.`, {
      token,
      id,
    });
  };
  return { endTokenId: idOf(END), padTokenId: idOf(PAD) };
}

/** Whether `tokenizer.json` itself puts `<eos>`, and nothing else, after a text. */
function endsInFile(processor: unknown): boolean {
  if (!isJsonObject(processor) || processor.type !== 'TemplateProcessing') return false;
  const [sequence, end, ...more] = Array.isArray(processor.single) ? (processor.single as unknown[]) : [];
  const special = isJsonObject(end) && isJsonObject(end.SpecialToken) ? end.SpecialToken.id : undefined;
  return more.length === 0 && isJsonObject(sequence) && isJsonObject(sequence.Sequence) && special === END;
}

/** @returns `length` ids: those of the text or its beginning, the end token, padding */
export function textIds(
  tokenizer: Tokenizer,
  text: string,
  { endTokenId, padTokenId, length }: TextTokens & { readonly length: number },
): number[] {
  const ids = [...tokenizer.encode(lowerCasedBeginning(tokenizer, text, length)).slice(0, length - 1), endTokenId];
  return [...ids, ...new Array<number>(length - ids.length).fill(padTokenId)];
}

/** UTF-16 units of a text that are looked at first. */
const FIRST_LOOK = 2 ** 16;

/** Enough of the lower-cased text for its first `count` ids, or all of it. */
function lowerCasedBeginning(tokenizer: Tokenizer, text: string, count: number): string {
  for (let end = FIRST_LOOK; end < text.length; end *= 4) {
    const lower = lowerCase(text.slice(0, end));
    const beginning = tokenizer.beginning(lower, count);
    if (beginning.length < lower.length) return beginning; // what follows a seam changes nothing before it
    if (end >= MAX_TEXT) break;
  }
  if (text.length > MAX_TEXT) return text; // which is refused
  return lowerCase(text);
}

/**
 * Character by character, as tokenizers' `Lowercase` does: JavaScript's own method looks at neighbours, and gives a
 * Greek sigma at a word's end another form.
 */
export function lowerCase(text: string): string {
  let lower = '';
  for (const character of text) lower += character.toLowerCase();
  return lower;
}
