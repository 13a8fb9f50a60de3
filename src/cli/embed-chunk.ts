/** @file Turns inputs into vectors, some at a time, in order, and finds which input is to blame when that fails. */

import { NotFiniteError, VLM2VecError } from '../errors';
import type { Embedding } from '../multi-vector';
import type { EmbedOptions, Runtime } from '../runtime';
import { isBad, recordError, type AnyRecord, type InputRecord } from './inputs/record';

export type RecordResult =
  | { record: InputRecord; embedding: Embedding; error?: undefined }
  /** `error` says which input it was. */
  | { record: AnyRecord; embedding?: undefined; error: string };

/** With an error in place of each input that failed. */
export async function embedSome(
  runtime: Runtime,
  records: readonly AnyRecord[],
  options: EmbedOptions,
): Promise<RecordResult[]> {
  const errors = new Map<AnyRecord, string>();
  for (const record of records) if (isBad(record)) errors.set(record, record.error.message);
  const sound = records.filter((record): record is InputRecord => !isBad(record));
  const embeddings = await runtime.embed<Embedding | null>(
    sound.map(({ input }) => input),
    {
      ...options,
      onError: 'skip',
      onSkip: ({ index, error }) => errors.set(sound[index]!, named(sound[index]!, error).message),
    },
  );
  let next = 0;
  return records.map((record) => {
    if (isBad(record)) return { record, error: errors.get(record)! };
    const embedding = embeddings[next++];
    return embedding ? { record, embedding } : { record, error: errors.get(record)! };
  });
}

/**
 * Embeds all of them, or throws the error of the first bad one.
 * @throws InvalidInputError naming it
 */
export async function embedEach(
  runtime: Runtime,
  records: readonly AnyRecord[],
  options: EmbedOptions,
): Promise<RecordResult[]> {
  const sound = records.map(expectSound);
  try {
    const embeddings = await runtime.embed<Embedding>(
      sound.map(({ input }) => input),
      options,
    );
    return sound.map((record, i) => ({ record, embedding: embeddings[i]! }));
  } catch (error) {
    if (error instanceof VLM2VecError) await nameBad(runtime, sound, error, options);
    throw error;
  }
}

/**
 * Throws the error of the first bad input, as its own; returns if no input is at fault. Texts are prepared before
 * pictures, so only pictures before the one that failed may be bad too, and no long text is tokenized again.
 */
async function nameBad(
  runtime: Runtime,
  records: readonly InputRecord[],
  error: VLM2VecError,
  options: EmbedOptions,
): Promise<void> {
  const index = Number(/^inputs\[(\d+)\]$/.exec(String(error.details.input))?.[1] ?? NaN);
  const failed = records[index];
  if (!failed) return;
  for (const record of failed.input.image === undefined ? records.slice(0, index) : []) {
    if (record.input.image === undefined) continue;
    try {
      await runtime.tokens(record.input, options);
    } catch (earlier) {
      throw earlier instanceof VLM2VecError ? named(record, earlier) : earlier;
    }
  }
  throw named(failed, error);
}

/** The input's own name in place of the engine's, and options as they are called here. */
function named({ where }: InputRecord, error: VLM2VecError): VLM2VecError {
  const message = error.message.replace(/^(?:input|inputs\[\d+\]): /, '').replace('set maxTokens', 'give --max-tokens');
  // No fault of the input, and no other exit code.
  if (error instanceof NotFiniteError) return new NotFiniteError(`${where}: ${message}`, { where }, { cause: error });
  return recordError(where, message, error);
}

function expectSound(record: AnyRecord): InputRecord {
  if (isBad(record)) throw record.error;
  return record;
}
