/** @file Results as JSON lines: in a file, or on stdout. */

import { printLine } from '../output';
import { PartialFile } from './partial-file';
import { jsonNumbers } from './precision';
import type { OutputRow, Sink, SinkShape, SinkState } from './sink';

/**
 * `{"id", …, "embedding": […]}`, `"embeddings"` for several vectors, `"error"` for an input that could not be embedded.
 */
export function jsonLine(row: OutputRow, { several, precision }: Pick<SinkShape, 'several' | 'precision'>): string {
  if (row.error !== undefined) return JSON.stringify({ ...row.fields, error: row.error });
  const { id, ...others } = row.fields;
  const vectors = row.vectors.map((vector) => jsonNumbers(vector, precision));
  return JSON.stringify({
    id,
    ...others,
    ...(several ? { embeddings: vectors } : { embedding: vectors[0] }),
    ...row.tokens,
  });
}

export async function jsonLinesSink(file: string, shape: SinkShape, state: SinkState | null): Promise<Sink> {
  const partial = await PartialFile.open(file, state === null ? null : state.bytes!, shape.named);
  const commit = async () => {
    await partial.sync();
    return { bytes: partial.bytes };
  };
  return {
    write: (rows) => partial.append(rows.map((row) => `${jsonLine(row, shape)}\n`).join('')),
    commit,
    complete: commit,
    close: () => partial.close(),
    discard: () => partial.discard(),
  };
}

/** Writes lines to stdout as they come. */
export function stdoutSink(shape: Pick<SinkShape, 'several' | 'precision'>): Sink {
  const nothing = async () => ({});
  return {
    write: async (rows) => {
      for (const row of rows) await printLine(jsonLine(row, shape));
    },
    ...{ commit: nothing, complete: nothing },
    close: async () => undefined,
    discard: async () => undefined,
  };
}
