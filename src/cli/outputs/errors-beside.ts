/**
 * @file Tables have no place for errors: they go into a file of JSON lines beside the table, `vectors.errors.jsonl`.
 */

import { PartialFile } from './partial-file';
import type { ErrorRow, Sink, SinkState, VectorRow } from './sink';

/** Takes all rows, and passes those with vectors to `sink`. The file exists only if there are errors. */
export async function withErrorsBeside(sink: Sink, file: string, state: SinkState | null): Promise<Sink> {
  const bytes = state?.errors ?? 0;
  let errors = bytes > 0 ? await PartialFile.open(file, bytes) : null;
  const noted = async (inner: Promise<SinkState>) => {
    await errors?.sync();
    return { ...(await inner), errors: errors?.bytes ?? 0 };
  };
  return {
    write: async (rows) => {
      const bad = rows.filter((row): row is ErrorRow => row.error !== undefined);
      if (bad.length > 0) {
        errors ??= await PartialFile.open(file, null);
        await errors.append(bad.map(({ fields, error }) => `${JSON.stringify({ ...fields, error })}\n`).join(''));
      }
      await sink.write(rows.filter((row): row is VectorRow => row.error === undefined));
    },
    ...(sink.committed && { committed: () => sink.committed!() }),
    ...(sink.isDue && { isDue: () => sink.isDue!() }),
    secondsBetween: sink.secondsBetween,
    commit: () => noted(sink.commit()),
    complete: () => noted(sink.complete()),
    close: async () => {
      await errors?.close();
      await sink.close();
    },
    discard: async () => {
      await errors?.discard();
      await sink.discard();
    },
  };
}
