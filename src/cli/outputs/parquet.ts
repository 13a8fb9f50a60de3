/**
 * @file Writes vectors as a Parquet file, row group by row group, with hyparquet-writer. Rows that wait for their group
 * to be full are kept in one log, and what the file's footer must say about the groups in another, so that a run that
 * was killed can continue.
 */

import type { RowGroup } from 'hyparquet';
import type { SchemaElement } from 'hyparquet-writer';
import { PartialFile } from './partial-file';
import { storedVector, type StoredPrecision } from './precision';
import { RecordLog } from './record-log';
import type { Column, Sink, SinkShape, SinkState, VectorRow } from './sink';

/** How many numbers of vectors are in a row group: what is held in memory at once, and what readers load. */
const GROUP_NUMBERS = 2 * 1024 * 1024;

/** Files beside the table while it is written: the waiting rows, and the contents of the footer. */
export const logNames = (file: string) => [`${file}.rows`, `${file}.groups`] as const;

export async function parquetSink(file: string, shape: SinkShape, state: SinkState | null): Promise<Sink> {
  const { columns, dims, several, precision, named } = shape;
  const [rowsName, groupsName] = logNames(file);
  const output = await PartialFile.open(file, state === null ? null : state.bytes!, named);
  const { log: rowLog, records } = await RecordLog.open<VectorRow[]>(
    rowsName,
    state && [state.rowStart!, state.rowEnd!],
    named,
  );
  const { log: groupLog, records: groups } = await RecordLog.open<RowGroup>(
    groupsName,
    state && [0, state.groups!],
    named,
  );
  const { ParquetWriter, ByteWriter } = await import('hyparquet-writer');
  const buffer = new ByteWriter();
  const writer = new ParquetWriter({
    writer: buffer,
    schema: schemaOf(columns, several, precision),
    kvMetadata: Object.entries(shape.provenance).map(([key, value]) => ({ key, value })),
    createdBy: 'vlm2vec-web',
  });
  /** Takes what the writer has written out of it. */
  const drain = async () => {
    await output.append(buffer.getBytes().slice());
    buffer.index = 0;
  };
  if (state === null) await drain();
  else {
    buffer.index = 0;
    buffer.offset = output.bytes;
    writer.row_groups.push(...groups);
    writer.num_rows = groups.reduce((sum, group) => sum + group.num_rows, 0n);
  }
  const groupVectors = Math.max(1, Math.floor(GROUP_NUMBERS / dims));
  let waiting: VectorRow[] = records.flat();
  let vectorsWaiting = waiting.reduce((sum, { vectors }) => sum + vectors.length, 0);
  /** Where in the log the waiting rows begin. What comes before may be dropped only once that is committed. */
  let rowStart = state?.rowStart ?? 0;
  const flush = async () => {
    if (waiting.length === 0) return;
    const fields = columns.map((column) => ({
      name: column.name,
      data: waiting.map((row) => asColumn(row.fields[column.name], column)),
    }));
    const vectors = waiting.map((row) => {
      const all = row.vectors.map((vector) => Array.from(storedVector(vector, precision)));
      return several ? all : all[0];
    });
    const embedding = {
      name: 'embedding',
      data: vectors,
      codec: 'UNCOMPRESSED' as const,
      statistics: false,
      offsetIndex: false,
    };
    await writer.write({
      columnData: [...fields.map((each) => ({ ...each, offsetIndex: false })), embedding],
      rowGroupSize: waiting.length,
    });
    writer.pendingIndexes.length = 0;
    await drain();
    await groupLog.append(writer.row_groups.at(-1)!);
    waiting = [];
    vectorsWaiting = 0;
    rowStart = rowLog.file.bytes;
  };
  const commit = async (): Promise<SinkState> => {
    for (const each of [output, rowLog.file, groupLog.file]) await each.sync();
    return { bytes: output.bytes, rowStart, rowEnd: rowLog.file.bytes, groups: groupLog.file.bytes };
  };
  const logs = [rowLog.file, groupLog.file];
  return {
    write: async (rows) => {
      if (rows.length === 0) return;
      await rowLog.append(rows as VectorRow[]);
      for (const row of rows as readonly VectorRow[]) {
        waiting.push(row);
        vectorsWaiting += row.vectors.length;
      }
      if (vectorsWaiting >= groupVectors) await flush();
    },
    isDue: () => rowStart > 0 && waiting.length === 0,
    commit,
    committed: async () => {
      if (rowStart === 0 || waiting.length > 0) return;
      rowStart = 0;
      await rowLog.file.truncate(0);
    },
    complete: async () => {
      await flush();
      await writer.finish();
      await drain();
      return commit();
    },
    close: async () => {
      for (const each of [output, ...logs]) await each.close();
    },
    discard: async () => {
      for (const each of [output, ...logs]) await each.discard();
    },
  };
}

/** Anything but a string becomes JSON in a column of strings. */
function asColumn(value: unknown, { type }: Column): unknown {
  if (value === undefined || value === null) return null;
  if (type === 'integer') return BigInt(value as number);
  if (type !== 'string') return value;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const PHYSICAL = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  integer: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
} as const;

const ELEMENTS: Record<StoredPrecision, Partial<SchemaElement>> = {
  float32: { type: 'FLOAT' },
  float16: { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 2, logical_type: { type: 'FLOAT16' } },
  int8: { type: 'INT32', converted_type: 'INT_8' },
  binary: { type: 'INT32', converted_type: 'UINT_8' },
};

/**
 * Optional fields, then `embedding: list<float>`, which every engine reads, or `list<list<float>>` for several vectors.
 */
function schemaOf(columns: readonly Column[], several: boolean, precision: StoredPrecision): SchemaElement[] {
  const list = (name: string): SchemaElement[] => [
    { name, repetition_type: 'REQUIRED', num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ];
  return [
    { name: 'schema', num_children: columns.length + 1 },
    ...columns.map(({ name, type }) => ({ name, ...PHYSICAL[type], repetition_type: 'OPTIONAL' }) as const),
    ...list('embedding'),
    ...(several ? list('element') : []),
    { name: 'element', ...ELEMENTS[precision], repetition_type: 'REQUIRED' },
  ];
}
