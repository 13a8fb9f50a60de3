/** @file A writer whose process dies. */

import type { BundleWriter, FileWriter } from '../bundle/storage';

/** Its process dies at the write for which `isNow`: notes no longer get through, nor does pausing. */
export function crashing(writer: BundleWriter, isNow: () => boolean): BundleWriter {
  let dead = false;
  const alive = () => {
    if (dead) throw new Error('crash');
  };
  const watch = (file: FileWriter): FileWriter => ({
    write: async (bytes, position) => {
      dead ||= isNow();
      alive();
      await file.write(bytes, position);
    },
    close: async () => file.close(),
  });
  const { journal } = writer;
  return {
    ...writer,
    create: async (path) => watch(await writer.create(path)),
    reopen: async (path, bytes) => watch(await writer.reopen(path, bytes)),
    journal: journal && {
      notes: journal.notes,
      add: async (note) => {
        alive();
        await journal.add(note);
      },
      clear: () => journal.clear(),
    },
    pause: async () => alive(),
    abort: async () => alive(),
  };
}
