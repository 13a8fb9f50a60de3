/** @file Small visual-document sets for tests (Node only): Parquet by hyparquet-writer, in the layout of the Hub's repositories. */

import { parquetWriteBuffer, type BasicType, type ColumnSource, type SchemaElement } from 'hyparquet-writer';

export interface DocumentTables {
  corpus?: { id: string; bytes: Uint8Array | null }[];
  queries?: { id: string; text: string; language?: string }[];
  qrels?: { query: string; page: string; score: number }[];
}

const leaf = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const;

/** The three tables of a set, by path. Tables that are not given are not there. */
export function documentFiles(folder: string, { corpus, queries, qrels }: DocumentTables): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  const put = (part: string, bytes: ArrayBuffer) => {
    files[`${folder}/${part}/test-00000-of-00001.parquet`] = new Uint8Array(bytes);
  };
  if (corpus) {
    const schema: SchemaElement[] = [
      { name: 'root', num_children: 2 },
      { name: 'corpus-id', ...leaf },
      { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
      { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
      { name: 'path', ...leaf },
    ];
    const columnData = [
      { name: 'corpus-id', data: corpus.map(({ id }) => id) },
      { name: 'image', data: corpus.map(({ id, bytes }) => ({ bytes, path: `${id}.png` })) },
    ];
    put('corpus', parquetWriteBuffer({ schema, columnData }));
  }
  if (queries) {
    const columnData: ColumnSource[] = [
      { name: 'query-id', data: queries.map(({ id }) => id), type: 'STRING' },
      { name: 'query', data: queries.map(({ text }) => text), type: 'STRING' },
    ];
    if (queries[0]?.language !== undefined)
      columnData.push({ name: 'language', data: queries.map(({ language }) => language), type: 'STRING' });
    put('queries', parquetWriteBuffer({ columnData }));
  }
  if (qrels) {
    const double: BasicType = 'DOUBLE';
    const columnData: ColumnSource[] = [
      { name: 'query-id', data: qrels.map(({ query }) => query), type: 'STRING' },
      { name: 'corpus-id', data: qrels.map(({ page }) => page), type: 'STRING' },
      { name: 'score', data: qrels.map(({ score }) => score), type: double },
    ];
    put('qrels', parquetWriteBuffer({ columnData }));
  }
  return files;
}
