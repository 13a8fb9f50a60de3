/** @file What an evaluation writes: `report.json`, `report.md` and, on request, its vectors. */

import path from 'node:path';
import type { EvalData, NamedSet, VectorStore } from '../eval';
import { pairKey } from '../eval/vectors';
import { makeFolder } from '../store/write-errors.node.js';
import { replaceFile } from '../store/write-whole.node.js';
import { printLine } from './output';
import { writingOnce } from './outputs/partial-file';
import { openSink, publishPlace, type SinkPlace } from './outputs/places';

/** Written completely or not at all. */
export function writeWhole(file: string, text: string): Promise<void> {
  return replaceFile(file, text, `${file}.partial-${process.pid}`);
}

/** A report as plain data, and for people. */
export interface FinishedReport {
  data: object;
  markdown: string;
}

/** Writes the report into the folder `out`, if given, and prints it: as Markdown, or as JSON. */
export async function publishReport(
  { data, markdown: asMarkdown }: FinishedReport,
  out: string | undefined,
  json = false,
): Promise<void> {
  const asJson = JSON.stringify(data, null, 2);
  if (out !== undefined) {
    await makeFolder(out);
    await writeWhole(path.join(out, 'report.json'), `${asJson}\n`);
    await writeWhole(path.join(out, 'report.md'), asMarkdown);
  }
  await printLine(json ? asJson : asMarkdown.trimEnd());
}

export interface VectorOutput<S extends NamedSet> {
  data: EvalData<S>;
  sets: readonly S[];
  limit?: number;
  store: VectorStore;
  dims: number;
  provenance: Record<string, string>;
  signal: AbortSignal;
}

/** Every distinct pair of every set that is in the store, with its set, text and picture path. */
export async function exportVectors<S extends NamedSet>(place: SinkPlace, output: VectorOutput<S>): Promise<void> {
  const { data, sets, limit, store, dims, provenance, signal } = output;
  const columns = ['set', 'text', 'image'].map((name) => ({ name, type: 'string' as const }));
  const shape = { columns, dims, precision: 'float32', several: false, provenance, named: writingOnce } as const;
  const sink = await openSink(place, shape, null, false);
  try {
    for (const set of sets) {
      const { pairs } = await data.rows(set, { limit, signal });
      for (const pair of pairs) {
        signal.throwIfAborted();
        const key = await pairKey(pair, data.pictures, signal);
        if (!store.has(key)) continue; // belongs to another shard
        const fields = { set: set.name, text: pair.text, image: pair.image };
        await sink.write([{ fields, vectors: [await store.get(key)] }]);
      }
    }
    await sink.complete();
    await sink.close();
    await publishPlace(place, false, writingOnce);
  } catch (error) {
    await sink.discard();
    throw error;
  }
}
