/** @file `<s>`, which some tokenizers put before every text. */

import type { JsonObject } from '../bundle/manifest';
import { isJsonObject } from '../checkpoint/json';
import { UnsupportedError } from '../errors';
import type { CheckpointFiles } from './architecture';
import { missingOr, refuseOtherSettings, unsetOr } from './settings';

const BOS_TOKEN = '<s>';
const CONFIG = 'tokenizer_config.json';

/**
 * The id of `<s>`, checked in both of the tokenizer's files to be put, alone, before a text: transformers' Llama-like
 * tokenizers rebuild `tokenizer.json`'s post_processor from what `tokenizer_config.json` says.
 *
 * @param vocabSize rows of the token table, among which the id must be
 * @throws UnsupportedError if either file does anything else
 */
export function beginToken(
  { tokenizer, tokenizerConfig }: Pick<CheckpointFiles, 'tokenizer' | 'tokenizerConfig'>,
  vocabSize: number,
): number {
  if (tokenizerConfig) refuseOtherTokens(tokenizerConfig);
  const processor = isJsonObject(tokenizer) && isJsonObject(tokenizer.post_processor) ? tokenizer.post_processor : null;
  const template = processor?.type === 'TemplateProcessing' && Array.isArray(processor.single) ? processor.single : [];
  const [special, sequence, ...more] = template as unknown[];
  const token = isJsonObject(special) && isJsonObject(special.SpecialToken) ? special.SpecialToken.id : undefined;
  const isAlone = more.length === 0 && isJsonObject(sequence) && isJsonObject(sequence.Sequence);
  const added = isJsonObject(tokenizer) && Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens : [];
  const id = added.filter(isJsonObject).find(({ content }) => content === BOS_TOKEN)?.id;
  const isInTable = typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < vocabSize;
  if (token === BOS_TOKEN && isAlone && isInTable) return id;
  throw new UnsupportedError(
    `tokenizer.json: the post_processor must put ${BOS_TOKEN}, and nothing else, before a text; this model needs that.`,
  );
}

function refuseOtherTokens(config: JsonObject): void {
  // A token is written as its text, or with its flags.
  const isBegin = (value: unknown) => missingOr(BOS_TOKEN)(isJsonObject(value) ? (value.content ?? null) : value);
  refuseOtherSettings(
    config,
    { add_bos_token: missingOr(true), add_eos_token: unsetOr(false), bos_token: isBegin },
    { file: CONFIG },
  );
}
