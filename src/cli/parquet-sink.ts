/** @file Vectors as a Parquet file, by hyparquet-writer: written under a temporary name, row group by row group. */

import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { SchemaElement } from 'hyparquet-writer';
import { InvalidInputError } from '../errors';
import type { SinkShape, VectorRow, VectorSink } from './vector-sink';

/** Bytes of vectors in a row group: what readers load at once. */
const GROUP_BYTES = 64 * 1024 * 1024;

export async function parquetSink(
  file: string,
  { columns, dims, several = false, provenance }: SinkShape,
): Promise<VectorSink> {
  const folder = path.dirname(path.resolve(file));
  if (!(await stat(folder).catch(() => null))?.isDirectory()) {
    throw new InvalidInputError(`There is no folder ${folder} to write ${path.basename(file)} into.`, { file });
  }
  const partial = `${file}.partial-${process.pid}`;
  const { fileWriter, ParquetWriter } = await import('hyparquet-writer');
  const kvMetadata = Object.entries(provenance).map(([key, value]) => ({ key, value }));
  const output = fileWriter(partial);
  const writer = new ParquetWriter({
    writer: output,
    schema: schemaOf(columns, several),
    kvMetadata,
    createdBy: 'vlm2vec-web',
  });
  const groupVectors = Math.max(1, Math.floor(GROUP_BYTES / (4 * dims)));
  let waiting: VectorRow[] = [];
  let vectorsWaiting = 0;
  const flush = async () => {
    if (waiting.length === 0) return;
    const texts = columns.map((name, i) => ({ name, data: waiting.map((row) => row.texts[i] ?? null) }));
    const vectors = waiting.map(({ vector }) =>
      vector instanceof Float32Array ? Array.from(vector) : vector.map((each) => Array.from(each)),
    );
    const embedding = { name: 'embedding', data: vectors, codec: 'UNCOMPRESSED' as const, statistics: false };
    await writer.write({ columnData: [...texts, embedding], rowGroupSize: waiting.length });
    waiting = [];
    vectorsWaiting = 0;
  };
  return {
    write: async (rows) => {
      for (const row of rows) {
        waiting.push(row);
        vectorsWaiting += row.vector instanceof Float32Array ? 1 : row.vector.length;
        if (vectorsWaiting >= groupVectors) await flush();
      }
    },
    finish: async () => {
      await flush();
      await writer.finish();
      await rename(partial, file);
    },
    discard: () => rm(partial, { force: true }),
  };
}

/** Optional strings, then `embedding: list<float>`, which every engine reads, or of several vectors `list<list<float>>`. */
function schemaOf(columns: readonly string[], several: boolean): SchemaElement[] {
  const list = (name: string): SchemaElement[] => [
    { name, repetition_type: 'REQUIRED', num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ];
  return [
    { name: 'schema', num_children: columns.length + 1 },
    ...columns.map(
      (name) => ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }) as const,
    ),
    ...list('embedding'),
    ...(several ? list('element') : []),
    { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
  ];
}
