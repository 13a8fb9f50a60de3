/** @file Visual-document sets as pyarrow wrote them, in all three forms that are published; and damaged ones, each refused by name. */

import path from 'node:path';
import { expect, test } from 'vitest';
import { folderTree } from '../../checkpoint/folder.node';
import { DatasetFormatError, SourceNotFoundError } from '../../errors';
import { documentFiles, type DocumentTables } from '../../testing/document-files';
import { mmebTree, plainPicture } from '../../testing/mmeb-files';
import { IMAGE_TOKEN } from '../rows';
import { openDocuments } from './data';
import { KeptPages } from './pages';
import { QWEN3_PROMPTS, VLM2VEC_PROMPTS } from './prompts';
import { DOCUMENT_SETS, documentSet } from './sets';

const MINI = path.resolve(import.meta.dirname, '../../../reference/fixtures/visual-documents');
const source = (await openDocuments(await folderTree(MINI)))!;
const data = source.asked(VLM2VEC_PROMPTS);

test('24 sets count, each once', () => {
  expect(DOCUMENT_SETS.filter(({ counts }) => counts)).toHaveLength(24);
  expect(new Set(DOCUMENT_SETS.map(({ name }) => name)).size).toBe(DOCUMENT_SETS.length);
});

test('sets are known by their repositories’ names; those of one language do not count', () => {
  expect(source.all.map(({ name }) => name)).toEqual([
    'ViDoRe_shiftproject',
    'ViDoRe_esg_reports_v2',
    'ViDoRe_esg_reports_v2_multilingual',
    'VisRAG_ChartQA',
  ]);
  expect(data.sets.map(({ name }) => name)).not.toContain('ViDoRe_esg_reports_v2');
});

test('numbers as ids: rows without content are left out, the strings are the authors’', async () => {
  const { pairs, queries, pages } = await data.rows(documentSet('ViDoRe_shiftproject')!);
  expect(queries).toHaveLength(8);
  expect(pages.map(({ id }) => id)).toEqual(Array.from({ length: 12 }, (_, i) => String(100 + i)));
  expect(queries.map(({ grades }) => [...grades])).toEqual(Array.from({ length: 8 }, (_, i) => [[i, 1]]));
  expect(pairs[queries[0]!.pair]).toEqual({
    text: 'Find a document image that matches the given query: What does the report say of kites?',
    image: null,
  });
  expect(pairs[pages[3]!.pair]).toEqual({
    text: `${IMAGE_TOKEN} Understand the content of the provided document image.`,
    image: 'shiftproject_test_beir/103',
  });
});

test('grades, languages, pages in two files, one picture twice; relevant pages come first', async () => {
  const all = await data.rows(documentSet('ViDoRe_esg_reports_v2_multilingual')!);
  const english = await data.rows(documentSet('ViDoRe_esg_reports_v2')!);
  expect([all.queries.length, english.queries.length]).toEqual([10, 5]);
  expect(english.queries.map(({ id }) => id)).toEqual(['0', '2', '4', '6', '8']);
  expect(all.pages.map(({ id }) => id)).toEqual(['0', '5', '10', '1', '2', '3', '6', '11', '7', '8', '4', '9']);
  expect([...all.queries[0]!.grades.values()].sort()).toEqual([1, 1, 1, 1, 1, 2, 2]);
  const pairOf = (id: string) => all.pages.find((page) => page.id === id)!.pair;
  expect(pairOf('10')).toBe(pairOf('11'));
  expect(new Set(all.pages.map(({ pair }) => pair)).size).toBe(11);
  // the first query alone: candidates in its order
  const one = await data.rows(documentSet('ViDoRe_esg_reports_v2')!, { limit: 1 });
  expect(one.queries).toHaveLength(1);
  expect(one.pages).toHaveLength(12);
  for (const { image } of all.pairs.filter(({ image }) => image !== null)) {
    const bytes = await data.pictures.read(image!);
    expect([...bytes.subarray(1, 4)]).toEqual([...Buffer.from('PNG')]);
  }
});

test('names as ids, in the layout of the Hub’s conversion; Qwen3-VL-Embedding’s instruction', async () => {
  const { pairs, queries, pages } = await source.asked(QWEN3_PROMPTS).rows(documentSet('VisRAG_ChartQA')!);
  expect(pages.map(({ id }) => id).slice(0, 2)).toEqual(['multi kites 0.png', 'two_col bridges 1.png']);
  expect(pairs[queries[0]!.pair]).toEqual({
    text: 'What share do kites have?',
    image: null,
    instruction: 'Find a document image that matches the given query.',
  });
  expect(pairs[pages[0]!.pair]).toEqual({ text: '', image: 'VisRAG-Ret-Test-ChartQA/multi kites 0.png' });
});

test('a repository itself is a set, by its own name', async () => {
  const label = 'vidore/shiftproject_test_beir';
  const alone = await openDocuments({ ...(await folderTree(path.join(MINI, 'shiftproject_test_beir'))), label });
  expect(alone!.all.map(({ name }) => name)).toEqual(['ViDoRe_shiftproject']);
  expect(await openDocuments(await folderTree(path.join(MINI, '../images')))).toBeNull();
});

const red = await plainPicture([255, 0, 0]);
const blue = await plainPicture([0, 0, 255]);
const whole: Required<DocumentTables> = {
  corpus: [
    { id: 'a', bytes: red },
    { id: 'b', bytes: blue },
  ],
  queries: [
    { id: 'q', text: 'red?' },
    { id: 'r', text: 'blue?' },
  ],
  qrels: [
    { query: 'q', page: 'a', score: 1 },
    { query: 'r', page: 'b', score: 2 },
  ],
};
const rowsOf = async (tables: DocumentTables, name = 'ViDoRe_docvqa') => {
  const opened = await openDocuments(mmebTree(documentFiles(name, tables), name));
  return opened!.asked(VLM2VEC_PROMPTS).rows(documentSet(name)!);
};

test('the first of two pages with the same id counts; queries that do not count need no pages', async () => {
  const { pages, pairs } = await rowsOf({ ...whole, corpus: [...whole.corpus, { id: 'a', bytes: blue }] });
  expect(pages).toHaveLength(2);
  expect(pairs[pages[0]!.pair]!.image).toBe('ViDoRe_docvqa/a');
  const more = { ...whole, qrels: [...whole.qrels, { query: 'another', page: 'nowhere', score: 1 }] };
  expect((await rowsOf(more)).queries).toHaveLength(2);
});

test('a page is read once, while it is scanned, and again only if it is requested again', async () => {
  const inner = mmebTree(documentFiles('ViDoRe_docvqa', whole), 'ViDoRe_docvqa');
  let reads = 0;
  const opened = await openDocuments({
    ...{ label: inner.label, revision: inner.revision, list: () => inner.list() },
    open: async (file, signal) => {
      const source = await inner.open(file, signal);
      return { name: source.name, size: source.size, read: (...range) => (reads++, source.read(...range)) };
    },
  });
  const { pictures, rows } = opened!.asked(VLM2VEC_PROMPTS);
  await rows(documentSet('ViDoRe_docvqa')!);
  const scanned = reads;
  expect(await pictures.read('ViDoRe_docvqa/a')).toEqual(red);
  expect(await pictures.read('ViDoRe_docvqa/b')).toEqual(blue);
  expect(reads).toBe(scanned);
  expect(await pictures.read('ViDoRe_docvqa/a')).toEqual(red);
  expect(reads).toBeGreaterThan(scanned);
});

test('pages beyond the limit are not kept', () => {
  const kept = new KeptPages(10);
  const add = (path: string, length: number) => kept.add(path, new Uint8Array(length));
  add('a', 6);
  add('b', 5);
  add('c', 4);
  expect(['a', 'b', 'c'].map((path) => kept.take(path)?.length)).toEqual([6, undefined, 4]);
  add('b', 10);
  expect(kept.take('b')).toHaveLength(10);
});

test.each<[string, DocumentTables, RegExp]>([
  [
    'qrels of a page that is not there',
    { ...whole, qrels: [...whole.qrels, { query: 'q', page: 'c', score: 1 }] },
    /ViDoRe_docvqa: qrels name page c for query q, but the corpus has no such page/,
  ],
  ['no qrels of a query', { ...whole, qrels: whole.qrels.slice(1) }, /query q has no relevant page/],
  [
    'no grade above 0',
    { ...whole, qrels: [{ query: 'q', page: 'a', score: 0 }, whole.qrels[1]!] },
    /query q has no relevant page/,
  ],
  [
    'a grade that is no number',
    { ...whole, qrels: [{ query: 'q', page: 'a', score: NaN }, whole.qrels[1]!] },
    /qrels\/test-00000-of-00001\.parquet, row 0: score is not a number/,
  ],
  [
    'a page without a picture',
    { ...whole, corpus: [{ id: 'a', bytes: null }, whole.corpus[1]!] },
    /page a has no picture in the table/,
  ],
  [
    'an empty question',
    { ...whole, queries: [{ id: 'q', text: '' }, whole.queries[1]!] },
    /queries\/test-00000-of-00001\.parquet, row 0: query is not a text/,
  ],
  [
    'a query without a name',
    { ...whole, queries: [{ id: '', text: 'red?' }, whole.queries[1]!] },
    /row 0: query-id is neither a name nor a whole number/,
  ],
])('refused by name: %s', async (_, tables, message) => {
  const rows = rowsOf(tables);
  await expect(rows).rejects.toThrow(DatasetFormatError);
  await expect(rows).rejects.toThrow(message);
});

test('refused by name: tables and columns that are missing, an unknown language, a folder with another name', async () => {
  await expect(rowsOf({ ...whole, qrels: undefined })).rejects.toThrow(/lacks the table qrels\/test-00000-of-00001/);
  await expect(rowsOf(whole, 'ViDoRe_esg_reports_v2')).rejects.toThrow(/queries.*lacks the column language/);
  const french = { ...whole, queries: whole.queries.map((query) => ({ ...query, language: 'french' })) };
  await expect(rowsOf(french, 'ViDoRe_esg_reports_v2')).rejects.toThrow(/no queries whose language is english/);
  const other = openDocuments(mmebTree(documentFiles('my_pages', whole), 'my_pages'));
  await expect(other).rejects.toThrow(SourceNotFoundError);
  await expect(other).rejects.toThrow(/my_pages is not one of MMEB-V2's visual-document sets/);
  const twice = {
    ...documentFiles('a/ViDoRe_docvqa', whole),
    ...documentFiles('b/docvqa_test_subsampled_beir', whole),
  };
  await expect(openDocuments(mmebTree(twice))).rejects.toThrow(/contains ViDoRe_docvqa twice/);
  const files = documentFiles('ViDoRe_docvqa', whole);
  const corpus = files['ViDoRe_docvqa/corpus/test-00000-of-00001.parquet']!;
  files['ViDoRe_docvqa/corpus/test-00000-of-00001.parquet'] = corpus.subarray(0, corpus.length - 9);
  const cut = (await openDocuments(mmebTree(files, 'ViDoRe_docvqa')))!.asked(VLM2VEC_PROMPTS);
  await expect(cut.rows(documentSet('ViDoRe_docvqa')!)).rejects.toThrow(DatasetFormatError);
});
