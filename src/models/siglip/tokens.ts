/**
 * @file Texts as SigLIP 2 reads them: lower-cased, `<eos>` behind them, padded to the tower's length. The tokenizer's own two
 * files prove that nothing else is added.
 */

import { isJsonObject } from '../../checkpoint/json';
import { CheckpointMismatchError } from '../../errors';
import type { Tokenizer } from '../../text';
import type { CheckpointFiles } from '../architecture';
import { missingOr, refuseOtherSettings, unsetOr } from '../settings';
import { siglip1 } from './config';

/** What every text gets. */
export interface TextTokens {
  /** Behind the text, whole or cut. */
  readonly endTokenId: number;
  readonly padTokenId: number;
}

const CONFIG = 'tokenizer_config.json';
const [END, PAD] = ['<eos>', '<pad>'];

/**
 * transformers' class of Gemma makes the post_processor anew from two flags of `tokenizer_config.json`; other readers go by
 * `tokenizer.json`. Where the one does not say so, the other must; neither may say anything else.
 * @param vocabSize rows of the token table, which the ids must be among
 * @throws UnsupportedError where anything but `<eos>` is put around a text; CheckpointMismatchError for a token that is not there
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

/** Whether `tokenizer.json` itself puts `<eos>`, and nothing else, behind a text. */
function endsInFile(processor: unknown): boolean {
  if (!isJsonObject(processor) || processor.type !== 'TemplateProcessing') return false;
  const [sequence, end, ...more] = Array.isArray(processor.single) ? (processor.single as unknown[]) : [];
  const special = isJsonObject(end) && isJsonObject(end.SpecialToken) ? end.SpecialToken.id : undefined;
  return more.length === 0 && isJsonObject(sequence) && isJsonObject(sequence.Sequence) && special === END;
}

/** @returns `length` ids: of the text, or its beginning, the end token, padding */
export function textIds(
  tokenizer: Tokenizer,
  text: string,
  { endTokenId, padTokenId, length }: TextTokens & { readonly length: number },
): number[] {
  const ids = [...tokenizer.encode(lowerCase(text)).slice(0, length - 1), endTokenId];
  return [...ids, ...new Array<number>(length - ids.length).fill(padTokenId)];
}

/**
 * Character by character, as tokenizers' `Lowercase` does: JavaScript's own looks at neighbours, and gives a Greek sigma at a
 * word's end another form.
 */
export function lowerCase(text: string): string {
  let lower = '';
  for (const character of text) lower += character.toLowerCase();
  return lower;
}
