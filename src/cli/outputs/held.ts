/** @file Lines held back until all are known to be good: a little in memory, more in a temporary file. */

import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { linesOf } from '../inputs/line-stream';
import { writing } from '../../store/write-errors.node.js';
import { printLine } from '../output';
import { jsonLine } from './json-lines';
import { PartialFile, partialName } from './partial-file';
import type { Sink, SinkShape } from './sink';

const MEMORY_BYTES = 16 * 1024 * 1024;

/** Writes lines to stdout, but none before the last is known: a bad input anywhere means that nothing is printed. */
export function heldSink(shape: Pick<SinkShape, 'several' | 'precision'>): Sink {
  let lines: string[] = [];
  let bytes = 0;
  let overflow: { file: PartialFile; folder: string; name: string } | null = null;
  const nothing = async () => ({});
  const discard = async () => {
    await overflow?.file.discard();
    if (overflow) await rm(overflow.folder, { recursive: true, force: true });
    overflow = null;
  };
  return {
    write: async (rows) => {
      const more = rows.map((row) => jsonLine(row, shape));
      lines.push(...more);
      bytes += more.reduce((sum, line) => sum + line.length, 0);
      if (bytes < MEMORY_BYTES) return;
      if (!overflow) {
        const folder = await writing(tmpdir(), () => mkdtemp(path.join(tmpdir(), 'vlm2vec-embed-')));
        const name = path.join(folder, 'lines.jsonl');
        overflow = { folder, name, file: await PartialFile.open(name, null, writing) };
      }
      await overflow.file.append(`${lines.join('\n')}\n`);
      lines = [];
      bytes = 0;
    },
    commit: nothing,
    complete: async () => {
      if (overflow) {
        for await (const line of linesOf(createReadStream(partialName(overflow.name)))) {
          await printLine(Buffer.from(line!).toString('utf8'));
        }
      }
      for (const line of lines) await printLine(line);
      await discard();
      return {};
    },
    close: discard,
    discard,
  };
}
