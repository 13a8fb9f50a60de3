/** @file The token that some tokenizers put after every text, and whose state is the embedding. */

import { isJsonObject } from '../checkpoint/json';
import { CheckpointMismatchError, UnsupportedError } from '../errors';

/**
 * The id of the one token that the post-processor of `tokenizer.json` puts after a text. Chat templates do not contain
 * it: without it another token would be pooled.
 *
 * @param tokenizer the parsed `tokenizer.json`
 * @param vocabSize rows of the token table, among which the id must be
 * @throws UnsupportedError if it puts none or several after a text, or anything before it; CheckpointMismatchError for
 * an id for which the model has no row
 */
export function endToken(tokenizer: unknown, vocabSize: number): number {
  const processor = isJsonObject(tokenizer) ? tokenizer.post_processor : null;
  const added = stepsOf(processor).flatMap((step) => appendedBy(step));
  if (added.length !== 1) {
    throw refused(`puts ${added.length === 0 ? 'no token' : `${added.length} tokens`} after a text`);
  }
  const id = added[0]!;
  if (id < vocabSize) return id;
  throw new CheckpointMismatchError(
    `tokenizer.json puts the token ${id} after every text, but the model only has ${vocabSize} rows.`,
    { id, vocabSize },
  );
}

const refused = (what: string) =>
  new UnsupportedError(
    `tokenizer.json: the post_processor ${what}; this model needs exactly one token there, which is pooled.`,
  );

/** Post-processors that run one after another. */
function stepsOf(processor: unknown): unknown[] {
  if (processor == null) return [];
  if (!isJsonObject(processor) || processor.type !== 'Sequence') return [processor];
  return Array.isArray(processor.processors) ? processor.processors.flatMap(stepsOf) : [processor];
}

/** Ids that it puts after a text. */
function appendedBy(step: unknown): number[] {
  const { type, single, special_tokens: specials } = isJsonObject(step) ? step : {};
  if (type === 'ByteLevel') return []; // moves offsets only
  if (type !== 'TemplateProcessing' || !Array.isArray(single) || !isJsonObject(specials)) {
    throw refused(`is of type ${JSON.stringify(type) ?? 'unknown'}, which is not supported`);
  }
  const [sequence, ...behind] = single as unknown[];
  const isText = isJsonObject(sequence) && isJsonObject(sequence.Sequence) && sequence.Sequence.id === 'A';
  if (!isText) throw refused('puts something before a text');
  return behind.flatMap((piece) => {
    const name = isJsonObject(piece) && isJsonObject(piece.SpecialToken) ? piece.SpecialToken.id : undefined;
    const special = typeof name === 'string' && Object.hasOwn(specials, name) ? specials[name] : undefined;
    const ids: unknown = isJsonObject(special) ? special.ids : undefined;
    const isId = (id: unknown): id is number => typeof id === 'number' && Number.isInteger(id) && id >= 0;
    if (!Array.isArray(ids) || !ids.every(isId)) throw refused('names a token that it does not describe');
    return ids;
  });
}
