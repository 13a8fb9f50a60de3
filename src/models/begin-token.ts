/** @file `<s>`, which some tokenizers put before every text. */

import { isJsonObject } from '../checkpoint/json';
import { UnsupportedError } from '../errors';

const BOS_TOKEN = '<s>';

/**
 * The id of `<s>`, proved by `tokenizer.json` to be put, alone, before a text.
 *
 * @param tokenizer the parsed `tokenizer.json`
 * @param vocabSize rows of the token table, which the id must be among
 * @throws UnsupportedError where its post_processor does anything else
 */
export function bosTokenId(tokenizer: unknown, vocabSize = Infinity): number {
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
    `tokenizer.json: the post_processor does not put ${BOS_TOKEN}, and nothing else, before a text; this model needs that.`,
  );
}
